// SPDX-License-Identifier: Apache-2.0
import { loadBoard } from '../src/build/boards.js';

const boards = [
  'pico',
  'virtual-m4',
  'virtual-m7',
  'virtual-m33',
  'virtual-m55',
  'virtual-rv32',
  'virtual-rv32v',
  'virtual-rv32zbb',
] as const;

/** The board that each target is counted on; all, or the one for this target. */
export const benchBoards = (target?: string): string[] =>
  boards.filter((id) => target === undefined || loadBoard(id).target === target);
