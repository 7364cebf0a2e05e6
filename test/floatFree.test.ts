// SPDX-License-Identifier: Apache-2.0
// Integer-only on the device: no float instruction and no soft-float helper in the firmware of an int8 model. The float
// model of the same network must be caught, or the check could not fail.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { listBoards } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { readNpy } from '../src/model/npy.js';
import { packageRoot } from '../src/packageRoot.js';
import { PackRoom } from './support/packs.js';

const room = new PackRoom();
afterAll(() => room.close());

const load = (file: string): Uint8Array => readFileSync(join(packageRoot, 'models', 'digits', file));

/** One board of each target, with RAM for the float model too: what is compiled is the target's. */
const boards = listBoards()
  .filter((b, i, all) => b.verified.level !== 'described' && all.findIndex((o) => o.target === b.target) === i)
  .map((b) => ({ ...b, memory: b.memory.map((m) => (m.kind === 'ram' ? { ...m, bytes: 1 << 20 } : m)) }));

describe.each(boards)('$id', (board) => {
  it('int8 firmware has no float, float firmware does', async () => {
    const calibration = { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' };
    const int8 = await room.packBytes(load('digits.onnx'), 'digits.onnx', {
      target: board.target,
      calibration,
      inputScale: { scale: 1 / 255, zero: 0 },
    });
    const float = await room.packBytes(load('digits.onnx'), 'digits.onnx', { target: board.target });
    expect((await buildFirmware(int8.dir, board, join(room.folder, `${board.id}-int8.elf`))).floatUses).toEqual([]);
    expect((await buildFirmware(float.dir, board, join(room.folder, `${board.id}-float.elf`))).floatUses).not.toEqual(
      [],
    );
  });
});
