// SPDX-License-Identifier: Apache-2.0
// Packs for the K210: the C writes the KPU's layer words itself; on the host its registers are those of a functional model,
// so that the arrays of the C file are what runs. And firmware for the board, which no KPU runs here.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { argmax } from '../../src/argmax.js';
import { loadBoard, loadTarget } from '../../src/build/boards.js';
import { exec, findProgram } from '../../src/build/exec.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { zigPath } from '../../src/build/toolchain.js';
import { runHost } from '../../src/device/hostSamples.js';
import { hostEvaluator } from '../../src/evaluator.js';
import { checkImage } from '../../src/flash/checkImage.js';
import { readFirmware } from '../../src/flash/readFirmware.js';
import type { TensorData } from '../../src/model/graph.js';
import { readNpy } from '../../src/model/npy.js';
import { samplesFor } from '../../src/model/samples.js';
import { backendOf } from '../../src/npu/backends.js';
import { partition } from '../../src/npu/partition.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { packageRoot } from '../../src/packageRoot.js';
import { openHostPack } from '../../src/packFolder.js';
import { importModel } from '../../src/packModel.js';
import { bigMap } from '../support/bigMap.js';
import { goldenInputs } from '../support/generator.js';
import { mixedModel } from '../support/mixedModel.js';
import { hostOf, PackRoom, type TestPack } from '../support/packs.js';
import { hasShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());
const out = (name: string): string => join(room.folder, name);
const board = loadBoard('maix-bit');
const choice = { backend: 'k210', config: 'k210' } as const;

/** A pack's plain C with one text in place of another. */
async function changed(pack: TestPack, name: string, change: (c: string) => string): Promise<TestPack> {
  const host = await openHostPack(pack);
  const dir = out(name);
  cpSync(host.dir, dir, { recursive: true });
  const path = join(dir, host.manifest.files.sources[0]);
  const before = readFileSync(path, 'utf8');
  const after = change(before);
  expect(after).not.toBe(before);
  writeFileSync(path, after);
  return { dir, manifest: { ...host.manifest, host: undefined } as TestPack['manifest'] };
}

/** Changes number `index` of an array of the C file: of the first that has this name. */
const inArray =
  (name: string, index: number, change: (value: bigint) => bigint) =>
  (c: string): string => {
    const [, head, body] = new RegExp(`(_${name}\\[\\d+\\][^{]*\\{ /\\*[^*]*\\*/)([^}]*)\\}`).exec(c) ?? [];
    let at = 0;
    const text = body.replace(/(?:INT64_C\()?(0x[0-9a-f]+|\d+)\)?,/g, (all, value: string) =>
      at++ === index ? all.replace(value, String(change(BigInt(value)))) : all,
    );
    return c.replace(head + body, head + text);
  };

describe('a graph that the KPU takes only in parts', () => {
  let pack: TestPack;
  const graph = importModel(mixedModel('HARD_SWISH'), 'mixed.tflite');
  const inputs = goldenInputs(16 * 16 * 3)
    .slice(0, 4)
    .map((x) => [x]);
  beforeAll(async () => {
    pack = await room.packBytes(mixedModel('HARD_SWISH'), 'mixed.tflite', { target: 'k210' });
  });

  it('is one C program with one memory plan, equal to the functional model', async () => {
    expect(pack.manifest.layers.map((l) => l.op)).toEqual([
      'npu',
      'hardSwish',
      'npu',
      'averagePool2d',
      'fullyConnected',
      'softmax',
    ]);
    expect(pack.manifest.npu).toMatchObject({ backend: 'k210', config: 'k210', provider: 'builtin' });
    expect(pack.manifest.npu?.cpu[0]).toMatchObject({ op: 'hardSwish', reason: 'the KPU has no such operation' });
    expect(pack.manifest.npu?.blobs.map((b) => b.cycles)).toEqual([192, 64]);
    const split = await partition(graph, choice);
    const host = await hostOf(pack);
    for (const input of inputs) {
      const expected = evaluateGraph(split.graph, input, { rounding: 'tflite' });
      expect(runHost(host, pack.manifest, input)).toEqual(expected);
    }
    expect(host.guardIntact()).toBe(true);
    for (const blob of split.graph.blobs ?? []) expect(backendOf('k210').check(blob)).toEqual([]);
  });

  it('answers nearly as the CPU alone does', async () => {
    const host = await hostOf(pack);
    for (const input of inputs) {
      const [expected] = evaluateGraph(graph, input, { rounding: 'tflite' }) as Int8Array[];
      const [got] = runHost(host, pack.manifest, input) as Int8Array[];
      expect(Math.max(...got.map((v, i) => Math.abs(v - expected[i])))).toBeLessThanOrEqual(4);
      expect(argmax(got)).toBe(argmax(expected));
    }
  });

  // Of the first layer: word 9 has arg_x and arg_w, word 1 where its map lies, word 4 the pad value. Behind batch norm and
  // activation, at 512, come the weights.
  it.each([
    ['a bit of arg_w', inArray('layers', 9, (v) => v ^ (1n << 9n))],
    ['a bit of the source row', inArray('layers', 1, (v) => v ^ 16n)],
    ['a bit of the pad value', inArray('layers', 4, (v) => v ^ (1n << 30n))],
    ['a weight', inArray('parameters', 512, (v) => v ^ 0x80n)],
    ['a multiplier of the batch norm', inArray('parameters', 2, (v) => v ^ 0x40n)],
    ['a row of the output', inArray('maps', 5, (v) => v + 1n)],
  ])('with %s changed in the C file, answers otherwise', async (name, change) => {
    const host = await hostOf(await changed(pack, name.replaceAll(' ', '-'), change));
    const other = await hostOf(pack);
    // Of every layer: the softmax at the end forgives much.
    const answers = (h: typeof host) => inputs.map((x) => hostEvaluator(h, pack.manifest).layerOutputs(x));
    expect(answers(host)).not.toEqual(answers(other));
  });

  it.each([
    ['a map sent into a FIFO that nobody empties', inArray('layers', 11, (v) => v | 1n), /FIFO that nobody empties/],
    ['a layer that does not say when it is done', inArray('layers', 0, (v) => v & ~1n), /does not say when it is done/],
    ['a table that is not aligned', inArray('layers', 5, (v) => v + (8n << 32n)), /no multiple of 256/],
    ['a table outside of the memory', inArray('layers', 4, (v) => v | (0xff000000n << 32n)), /outside of the memory/],
    ['a bit that means nothing', inArray('layers', 8, (v) => v | (1n << 40n)), /bits without a meaning/],
  ])('refuses %s, with a reason', async (name, change, reason) => {
    const host = await hostOf(await changed(pack, name.replaceAll(' ', '-'), change));
    expect(() => runHost(host, pack.manifest, inputs[0])).toThrow(
      expect.objectContaining({ code: 'npu.refused', message: expect.stringMatching(reason) }),
    );
  });

  it.each([
    ['zig', zigPath()],
    ['gcc', 'riscv64-unknown-elf-gcc'],
  ] as const)('becomes firmware for maix-bit by %s, without a warning', async (toolchain, program) => {
    if (toolchain === 'gcc' && !process.env.CI && !findProgram(program)) return;
    const report = await buildFirmware(pack.dir, board, out(`mixed-${toolchain}.elf`), { toolchain });
    expect(report.floatUses).toEqual([]);
    expect(report.stackBytes).toBeLessThan(report.stackReservedBytes);
    const elf = readFirmware(readFileSync(out(`mixed-${toolchain}.elf`)), 'fw.elf');
    expect(() => checkImage(elf, { board: loadBoard('gd32vf103-longan-nano'), arch: 'riscv' })).toThrow(
      /it is for RISC-V of 64 bits, the board is RISC-V of 32 bits/,
    );
    const { zig, gcc } = loadTarget('k210');
    const machine = toolchain === 'zig' ? ['cc', '-target', zig.target, `-mcpu=${zig.cpu}`] : (gcc?.flags ?? []);
    const { sources, layerSources, kernels } = pack.manifest.files;
    const files = [...sources, ...layerSources, ...kernels].map((f) => join(pack.dir, f));
    const strict = ['-std=c99', '-Wall', '-Wextra', '-Wconversion', '-Wshadow', '-Werror', '-ffreestanding'];
    const includes = [pack.dir, join(packageRoot, 'runtime-c', 'firmware', 'libc')].map((i) => `-I${i}`);
    const result = await exec(program, [...machine, ...strict, ...includes, '-c', ...files], { cwd: room.folder });
    expect({ said: result.stderr, status: result.status }).toEqual({ said: '', status: 0 });
  });

  it('is not taken by a board without a KPU', async () => {
    await expect(buildFirmware(pack.dir, loadBoard('virtual-rv64'), out('other.elf'))).rejects.toMatchObject({
      code: 'npu.board',
      message: expect.stringMatching(/for a k210, virtual-rv64 has no NPU; nothing was flashed/),
    });
  });
});

it('a layer whose maps do not fit into the KPU’s RAM is the CPU’s, and the pack says so', async () => {
  const pack = await room.packBytes(bigMap(), 'big.tflite', { target: 'k210' });
  expect(pack.manifest.layers.map((l) => l.op)).toEqual(['conv2d']);
  expect(pack.manifest.npu?.cpu).toEqual([
    { node: 'wide', op: 'conv2d', reason: "its maps take 2621440 bytes, the KPU's memory has 2097152" },
  ]);
});

describe.skipIf(!hasShared)('ResNet-8', () => {
  it('equals the functional model from C, and says the class that the CPU says', async () => {
    const file = 'models/mlperf-tiny/pretrainedResnet_quant.tflite';
    const pack = await room.pack(file, { target: 'k210' });
    expect(pack.manifest.layers.map((l) => l.op)).toEqual(['npu', 'averagePool2d', 'fullyConnected', 'softmax']);
    const graph = importModel(sharedFile(file), 'ic.tflite');
    const { graph: split } = await partition(graph, choice);
    const host = await hostOf(pack);
    const images = readNpy(sharedFile('data/cifar10/test_x.npy'), 'x');
    const port = { ...pack.manifest.inputs[0], permutation: undefined };
    const { data } = samplesFor({ ...images }, port, 'auto', 'x');
    const inputs: TensorData[][] = data.slice(0, 3).map((d) => [d]);
    for (const input of inputs) {
      const [got] = runHost(host, pack.manifest, input) as Int8Array[];
      expect([got]).toEqual(evaluateGraph(split, input, { rounding: 'tflite' }));
      const [cpu] = evaluateGraph(graph, input, { rounding: 'tflite' }) as Int8Array[];
      expect(argmax(got)).toBe(argmax(cpu));
    }
  });
});
