// SPDX-License-Identifier: Apache-2.0
// Every int8 model on every emulated board: a few inputs each, bit by bit with the host, arena canaries untouched.
import { afterAll, describe, expect, it } from 'vitest';
import { listBoards } from '../../src/build/boards.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import { PackRoom } from '../support/packs.js';
import { hasShared, int8Models } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const emulated = listBoards().filter((b) => b.emulator);

describe('emulated boards', () => {
  it('are the ones that the README promises', () => {
    expect(emulated.map((b) => b.id)).toEqual([
      'pico',
      'stm32f405-virtual',
      'virtual-ethos-u55-128',
      'virtual-k210',
      'virtual-m3',
      'virtual-m33',
      'virtual-m4',
      'virtual-m55',
      'virtual-m7',
      'virtual-rv32',
      'virtual-rv32v',
      'virtual-rv32zbb',
      'virtual-rv64',
    ]);
  });
});

// virtual-k210 is a virtual-rv64 whose KPU's maps go over the emulator's line: test/npu/k210Board.test.ts has a small one.
for (const board of emulated.filter((b) => b.id !== 'virtual-k210')) {
  describe.skipIf(!hasShared || !(isPresent(board) || process.env.CI))(`${board.id} equals the host`, () => {
    it.each(int8Models)('$name', async ({ name, file }) => {
      await expectEqualOnBoard(room, board, await room.pack(file, { target: board.target, name }));
    });
  });
}
