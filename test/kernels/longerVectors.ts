// SPDX-License-Identifier: Apache-2.0
// RVV kernels do not depend on the length of a vector register: the board's own 128 bits and longer ones. QEMU 7.2 has
// none shorter.
import type { BoardChange } from './runBatches.js';

const lengths = [128, 256, 1024];

export const longerVectors: readonly BoardChange[] = lengths.map((bits) => (board) => {
  const { emulator } = board;
  if (emulator?.kind !== 'qemu' || !emulator.cpu?.includes('vlen='))
    throw new Error(`${board.id} has no vector length`);
  return { ...board, emulator: { ...emulator, cpu: emulator.cpu.replace(/vlen=\d+/, `vlen=${bits}`) } };
});
