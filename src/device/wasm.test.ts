// SPDX-License-Identifier: Apache-2.0
import { beforeAll, describe, expect, test } from 'vitest';
import { type MiniPackOptions, writeMiniPack } from '../build/testing/miniPack.js';
import { buildWasm } from '../build/wasm.js';
import { withWorkFolder } from '../build/workFolder.js';
import type { PackManifest } from '../generated/pack.js';
import { runInputs } from './runInputs.js';
import { HostModel, startHost } from './wasm.js';

const build = (options?: MiniPackOptions) =>
  withWorkFolder(async (dir) => {
    const manifest = await writeMiniPack(dir, options);
    return { manifest, wasm: await buildWasm(dir, manifest) };
  });

let good: { manifest: PackManifest; wasm: Uint8Array };
beforeAll(async () => {
  good = await build();
});

const input = Uint8Array.from({ length: 16 }, (_, i) => i + 100);
// Layer 0 adds 1 to 16 and wraps at 8 bits, layer 1 sums as signed.
const sum = Array.from(input).reduce((total, x, i) => total + (((x + i + 1) << 24) >> 24), 0);
const output = (bytes: Uint8Array) => new DataView(bytes.buffer, bytes.byteOffset).getInt32(0, true);

describe('HostModel', () => {
  test('runs, and steps to the same', async () => {
    const host = await HostModel.open(good.wasm, good.manifest);
    host.write(0, input);
    expect(host.run()).toBe(0);
    expect(output(host.read(32, 4))).toBe(sum);
    host.write(32, new Uint8Array(4));
    host.write(0, input);
    expect([host.step(0), host.step(1)]).toEqual([0, 0]);
    expect(output(host.read(32, 4))).toBe(sum);
    expect(host.step(2)).not.toBe(0);
    expect(host.guardIntact()).toBe(true);
  });

  test('what it reads is a copy', async () => {
    const host = await HostModel.open(good.wasm, good.manifest);
    const before = host.read(0, 16);
    host.write(0, input);
    expect([...before]).toEqual(new Array(16).fill(0));
  });

  test.each([
    [-1, 1],
    [48, 1],
    [47, 2],
    [0, 49],
    [2 ** 32, 1],
  ])('no byte at %d + %d', async (offset, count) => {
    const host = await HostModel.open(good.wasm, good.manifest);
    expect(() => host.read(offset, count)).toThrow(expect.objectContaining({ code: 'device.protocol' }));
    expect(() => host.write(offset, new Uint8Array(count))).toThrow(
      expect.objectContaining({ code: 'device.protocol' }),
    );
  });

  test('a trap is device.fault', async () => {
    const { wasm, manifest } = await build({ extra: '__builtin_trap();' });
    const host = await HostModel.open(wasm, manifest);
    expect(() => host.run()).toThrow(expect.objectContaining({ code: 'device.fault', exit: 6 }));
  });

  test('another pack or another module is refused', async () => {
    const { layers } = good.manifest;
    await expect(HostModel.open(good.wasm, { ...good.manifest, layers: layers.slice(1) })).rejects.toMatchObject({
      code: 'tool.failed',
    });
    await expect(HostModel.open(Uint8Array.of(0, 1, 2), good.manifest)).rejects.toMatchObject({ code: 'tool.failed' });
    const empty = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0);
    await expect(HostModel.open(empty, good.manifest)).rejects.toMatchObject({ code: 'tool.failed' });
  });
});

describe('runInputs with the host on both sides', () => {
  const devices = async (options?: MiniPackOptions) => {
    const other = options ? await build(options) : good;
    return [await startHost(other.wasm, good.manifest), await startHost(good.wasm, good.manifest)] as const;
  };

  test('gives the outputs, up to the limit', async () => {
    const [device, host] = await devices();
    const report = await runInputs(device, host, good.manifest, [[input], [input], [input]], { limit: 2 });
    expect(report).toMatchObject({
      compared: 2,
      equal: 2,
      timing: { unit: 'none', perInference: [0, 0], perLayer: [0, 0] },
    });
    expect(report.outputs.map(([y]) => output(y))).toEqual([sum, sum]);
    expect(report.firstDifference).toBeUndefined();
  });

  test('a difference that the layers do not show is told without a layer', async () => {
    // The second layer only errs when it is reached within one run: stepping sets byte 47.
    const [device, host] = await devices({ arenaBytes: 48, extra: 'if (m[31] == 0) sum = 3;' });
    const stepping = {
      ...device,
      step: async (index: number) => {
        await device.write(47, Uint8Array.of(1));
        return device.step(index);
      },
    };
    await device.write(47, Uint8Array.of(0));
    const report = await runInputs(stepping, host, good.manifest, [[input]]);
    expect(report.firstDifference).toMatchObject({ input: 0, tensor: 'y', element: 0, expected: sum, got: sum + 3 });
    expect(report.firstDifference).not.toHaveProperty('layer');
  });

  test('an input of the wrong size is a bug of the caller', async () => {
    const [device, host] = await devices();
    await expect(runInputs(device, host, good.manifest, [[input.subarray(1)]])).rejects.toThrow(
      "input 'x' wants 16 bytes, got 15",
    );
  });

  test('an error code of the model is device.fault', async () => {
    const [device, host] = await devices();
    const failing = { ...device, run: async () => ({ result: -4, count: 0, guardIntact: true }) };
    await expect(runInputs(failing, host, good.manifest, [[input]])).rejects.toMatchObject({
      code: 'device.fault',
      message: 'host stopped: the model returned error -4',
    });
  });
});
