// SPDX-License-Identifier: Apache-2.0
// mote's own compiler for Ethos-U beside Arm's tools, live: Arm's decoder (mlw_codec of the Vela package) reads the weights
// that were meant; registers equal Vela's for its blocks, save the freedoms of testing/freedoms.ts (softmax, a chain of small operations, is judged by its answers); the model of cycles says
// of Vela's streams what Vela says. And whole packs without Vela. MOTE_NPU_ALL=1: every model on every part.

import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { exec } from '../../src/build/exec.js';
import { runHost } from '../../src/device/hostSamples.js';
import { asInFile } from '../../src/model/tflite/writeGraph.js';
import { blockDependencies } from '../../src/npu/ethosu/blockHazards.js';
import { compileGraph } from '../../src/npu/ethosu/builtin/compileGraph.js';
import { orderedWeights } from '../../src/npu/ethosu/builtin/packParameters.js';
import { streamCycles } from '../../src/npu/ethosu/builtin/streamCycles.js';
import { unexplained } from '../../src/npu/ethosu/builtin/testing/freedoms.js';
import { compareWithVela } from '../../src/npu/ethosu/builtin/testing/velaOperations.js';
import { decodeStream } from '../../src/npu/ethosu/commandStream.js';
import { ethosHardware } from '../../src/npu/ethosu/hardware.js';
import { readPayload } from '../../src/npu/ethosu/payload.js';
import { compileWithVela } from '../../src/npu/ethosu/vela/compileWithVela.js';
import { velaPath } from '../../src/npu/ethosu/vela/findVela.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { importModel } from '../../src/packModel.js';
import { headOf } from '../support/ethosModels.js';
import { goldenInputs } from '../support/generator.js';
import { mixedModel } from '../support/mixedModel.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { hasShared, int8Models, sharedFile } from '../support/shared.js';

const canRun = velaPath() !== undefined || process.env.CI !== undefined;
const all = process.env.MOTE_NPU_ALL !== undefined;
const room = new PackRoom();
afterAll(() => room.close());

const broken = (reason: string): never => {
  throw new Error(reason);
};

const parts = ['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256', 'ethos-u65-256', 'ethos-u65-512'];
const models = int8Models.filter((m) => ['kws', 'vww', 'ic', 'micro_speech', 'person_detect'].includes(m.name));
/** Another part for each model; the one of two cores has the last one. */
const cases = models.flatMap((model, m) =>
  parts
    .filter((_, p) => all || m % parts.length === p || m + p === models.length - 1 + parts.length - 1)
    .map((part) => ({ name: model.name, file: model.file, part })),
);

const graphOf = (file: string) => asInFile(importModel(sharedFile(file), 'model.tflite'));

describe.skipIf(!canRun || !hasShared)('beside Vela', () => {
  it('a part of two cores has the same word, and runs on both', async () => {
    const graph = graphOf(models[0].file);
    const [ours, velas] = [compileGraph(graph, 'ethos-u65-512'), await compileWithVela(graph, 'ethos-u65-512')];
    const word = (payload: Uint8Array): number => readPayload(payload, broken).config.configWord;
    expect([word(ours.payload), word(velas.payload)]).toEqual([0x10006009, 0x10006009]);
    const stream = decodeStream(readPayload(ours.payload, broken).words, broken);
    const kernels = stream.filter((o) => o.name === 'CONV' || o.name === 'DEPTHWISE');
    expect(kernels.map(({ registers: { short } }) => short.PARALLEL_MODE)).toEqual(kernels.map(() => 1));
    const halves = kernels.map(({ registers: { long } }) => [long.WEIGHT_LENGTH?.value, long.WEIGHT1_LENGTH?.value]);
    for (const [first = 0, second = 0] of halves) expect(Math.min(first, second)).toBeGreaterThan(0);
  });

  it.each(cases)('$name on $part: registers, and cycles of its stream', async ({ file, part }) => {
    const graph = graphOf(file);
    const velas = await compileWithVela(graph, part);
    const { config, words } = readPayload(velas.payload, broken);
    expect(readPayload(compileGraph(graph, part).payload, broken).config.configWord).toBe(config.configWord);
    const stream = decodeStream(words, broken);
    const { differences, rewritten, operations } = compareWithVela(headOf(graph), stream, part);
    expect({ rewritten, differences: unexplained(differences) }).toEqual({ rewritten: [], differences: [] });
    expect(operations).toBeGreaterThanOrEqual(2);
    // BLOCKDEP as Arm's compiler has it: never above what the checker lets pass, and most often that.
    const dependencies = blockDependencies(stream, ethosHardware[part], broken);
    expect(dependencies.filter((d) => d.given > d.largest)).toEqual([]);
    expect(dependencies.filter((d) => d.given === d.largest).length).toBeGreaterThan(0.8 * dependencies.length);
    // Vela's printed total, by our model of its stream.
    const ratio = streamCycles(stream, config, broken).total / (velas.cycles as number);
    // On two cores ours says less than Vela of what waits for the memory outside of the chip.
    expect(ratio).toBeGreaterThan(part === 'ethos-u65-512' ? 0.78 : 0.84);
    expect(ratio).toBeLessThan(1.1);
  });
});

/** Decodes each stream and compares it with the weights that were meant; prints the numbers of those that differ. */
const decoder = `
import json, sys
from ethosu import mlw_codec
cases = json.load(open(sys.argv[1]))
bad = [i for i, c in enumerate(cases) if list(mlw_codec.decode(bytearray(c['bytes']))) != c['weights']]
print(json.dumps({'decoded': len(cases), 'bad': bad}))
`;

describe.skipIf(!canRun || !hasShared)("Arm's decoder of weights", () => {
  const decode = async (streams: { bytes: number[]; weights: number[] }[]): Promise<unknown> => {
    const folder = await mkdtemp(join(tmpdir(), 'mote-weights-'));
    try {
      const path = join(folder, 'streams.json');
      await writeFile(path, JSON.stringify(streams));
      // The interpreter that Vela itself runs in.
      const vela = readFileSync(velaPath() ?? broken('Vela is not installed'), 'utf8');
      const python = /^#!\s*(\S+)/.exec(vela)?.[1] ?? broken('Vela is no script');
      const { stdout, stderr } = await exec(python, ['-c', decoder, path], { timeoutMs: 120_000 });
      return JSON.parse(stdout || JSON.stringify(stderr));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  const streamsOf = (file: string, part: string) =>
    compileGraph(graphOf(file), part).pieces.flatMap(({ operation, config, parameters }) => {
      if (!parameters || (operation.kind !== 'conv' && operation.kind !== 'depthwise')) return [];
      return parameters.cores.flatMap(({ weights: { from, length } }, core) => {
        const weights = [...orderedWeights(operation, config, ethosHardware[part], core)];
        return length === 0 ? [] : [{ bytes: [...parameters.bytes.subarray(from, from + length)], weights }];
      });
    });

  it.each(cases)('reads what $name on $part means', async ({ file, part }) => {
    const streams = streamsOf(file, part);
    expect(await decode(streams)).toEqual({ decoded: streams.length, bad: [] });
  });

  it('reads something else where one bit is off', async () => {
    const [stream] = streamsOf('models/tflm/micro_speech_quantized.tflite', 'ethos-u55-64');
    stream.bytes[stream.bytes.length >> 1] ^= 4;
    expect(await decode([stream]).catch(() => ({ bad: [0] }))).not.toEqual({ decoded: 1, bad: [] });
  });
});

describe('a pack that Vela had no part in', () => {
  const graph = asInFile(importModel(mixedModel(), 'mixed.tflite'));

  it('is one C program, equal to its operators', async () => {
    const pack = await room.packBytes(mixedModel(), 'mixed.tflite', {
      target: 'ethos-u55-128',
      npuProvider: 'builtin',
    });
    expect(pack.manifest.npu).toMatchObject({ provider: 'builtin', tool: expect.stringMatching(/^mote \d/) });
    expect(pack.manifest.npu?.cpu.map((n) => n.op)).toEqual(['elu']);
    const host = await hostOf(pack);
    for (const input of goldenInputs(pack.manifest.inputs[0].bytes).slice(0, 4))
      expect(runHost(host, pack.manifest, [input])).toEqual(evaluateGraph(graph, [input], { rounding: 'tflite' }));
    expect(host.guardIntact()).toBe(true);
  });
});
