// SPDX-License-Identifier: Apache-2.0
// A board as a program sees it that MCUboot starts: its flash is the slot, behind the header.
import { fail } from '../cli/errors.js';
import { mcubootSlot, mcubootVectorOffset } from '../flash/mcubootSlot.js';
import type { Board } from '../generated/board.js';

/**
 * At the end of a slot MCUboot keeps how far a swap has come (1584 bytes for 128 sectors: _trailer_size of
 * scripts/imgtool/image.py), behind the image's own trailer. One page of flash holds both.
 */
const reservedBytes = 4096;

export function mcubootBoard(board: Board): Board {
  const slot =
    mcubootSlot(board) ??
    fail('usage.bad', { what: `${board.id} has no slot of MCUboot: its file names no smp method`, command: 'build' });
  const start = `0x${(slot.address + mcubootVectorOffset).toString(16).padStart(8, '0')}`;
  const bytes = slot.bytes - mcubootVectorOffset - reservedBytes;
  return { ...board, memory: board.memory.map((m) => (m.kind === 'flash' ? { ...m, start, bytes } : m)) };
}
