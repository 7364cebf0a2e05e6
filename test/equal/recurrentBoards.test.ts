// SPDX-License-Identifier: Apache-2.0
// Recurrent models on emulated boards: five inputs in a row after a reset, bit by bit with the host. A few boards each:
// the kernels are plain C.
import { afterAll, describe, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import { PackRoom } from '../support/packs.js';
import { recurrentInputs, recurrentModels } from '../support/recurrentModels.js';
import { hasShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const runs: readonly [board: string, model: string][] = [
  ['virtual-m4', 'keyword'],
  ['virtual-m4', 'trained_lstm'],
  ['virtual-m55', 'keyword'],
  ['virtual-m55', 'lstm_s16'],
  ['virtual-rv32', 'keyword'],
  ['virtual-rv32', 'trained_lstm'],
  ['pico', 'lstm_s8'],
];

describe('recurrent models on boards equal the host', () => {
  for (const [id, name] of runs) {
    const board = loadBoard(id);
    const model = recurrentModels.find((m) => m.name === name);
    if (!model) throw new Error(`no model ${name}`);
    const missing = (model.file !== undefined && !hasShared) || !(isPresent(board) || process.env.CI);
    it.skipIf(missing)(`${name} on ${id}`, async () => {
      const bytes = model.bytes?.() ?? sharedFile(model.file as string);
      const pack = await room.packBytes(bytes, `${name}.tflite`, { target: board.target, name });
      await expectEqualOnBoard(room, board, pack, recurrentInputs(model));
    });
  }
});
