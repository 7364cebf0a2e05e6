// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import type { PackManifest } from '../generated/pack.js';
import type { Device } from './device.js';
import { checkModel } from './runInputs.js';

const device = { info: { board: 'b', model: 'm', hash: 'ab', arenaBytes: 8, layers: 1 } } as unknown as Device;
const pack = (hash: string, arenaBytes: number) => ({ name: 'm', hash, arenaBytes, layers: [{}] }) as PackManifest;

it('a pack.json that was changed by hand is told from another model', () => {
  expect(() => checkModel(device, pack('abcd', 8))).not.toThrow();
  expect(() => checkModel(device, pack('cd', 8))).toThrow('b runs model m ab, the pack is m cd');
  expect(() => checkModel(device, pack('abcd', 9))).toThrow(
    'b runs model m ab, 8 bytes of arena, 1 layers, the pack is m abcd, 9 bytes of arena, 1 layers',
  );
});
