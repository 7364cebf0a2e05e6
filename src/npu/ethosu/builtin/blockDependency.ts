// SPDX-License-Identifier: Apache-2.0
// BLOCKDEP: how many blocks of the operation before may be unfinished when an operation begins. 0 always is right; an
// operation that reads nothing of what the one before writes need not wait at all.
import type { EthosHardware } from '../hardware.js';
import { inputViews } from './npuOperation.js';
import type { Piece } from './schedule.js';

const mostBlocks = 3;

/** Facts: Vela's calc_blockdep. */
export function blockDependency(previous: Piece | undefined, piece: Piece, { shramBanks }: EthosHardware): number {
  if (!previous) return 0;
  const { operation } = piece;
  // On the smaller parts a table lies where accumulators of the next operation may.
  if (previous.operation.stage.table && shramBanks <= 16 && !operation.stage.table) return 0;
  const reads = inputViews(operation).some((view) => view.storage === previous.operation.output.storage);
  return reads ? 0 : mostBlocks;
}
