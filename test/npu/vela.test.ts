// SPDX-License-Identifier: Apache-2.0
// Arm's Vela, live: what it makes of the reference models gives the answers that TensorFlow Lite Micro gave
//
// (test/oracle/goldens), in the functional model, for every part; and a graph that the NPU takes only in parts runs as one
// C program. MOTE_NPU_ALL=1 runs 20 inputs on all parts instead of on one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runHost } from '../../src/device/hostSamples.js';
import type { Graph } from '../../src/model/graph.js';
import { asInFile } from '../../src/model/tflite/writeGraph.js';
import { DriverModel, DriverRefusal } from '../../src/npu/ethosu/driverModel.js';
import { ethosBackend } from '../../src/npu/ethosu/ethosBackend.js';
import { simulateBlob } from '../../src/npu/ethosu/simulateBlob.js';
import { velaPath, velaVersion } from '../../src/npu/ethosu/vela/findVela.js';
import type { NpuBlob } from '../../src/npu/npuBlob.js';
import { partition } from '../../src/npu/partition.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { importModel } from '../../src/packModel.js';
import { headOf, npuModels, referenceModel } from '../support/ethosModels.js';
import { goldenInputs } from '../support/generator.js';
import { mixedModel } from '../support/mixedModel.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { hasShared } from '../support/shared.js';

const canRun = velaPath() !== undefined || process.env.CI !== undefined;
const room = new PackRoom();
afterAll(() => room.close());

const parts = ['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256', 'ethos-u65-256', 'ethos-u65-512'];
const all = process.env.MOTE_NPU_ALL !== undefined;
const [full, few] = [20, 2];
const inputsOn = (config: string): number => (config === 'ethos-u55-128' || all ? full : few);

const compile = async (graph: Graph, config: string): Promise<{ blob: NpuBlob; blobs: number }> => {
  const split = await partition(asInFile(graph), { backend: 'ethosu', config, provider: 'vela' });
  const blobs = split.graph.blobs ?? [];
  return { blob: blobs[0], blobs: blobs.length };
};

const bytesOf = (x: Int8Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.length);

describe.skipIf(!canRun || !hasShared)('Vela compiles the reference models', () => {
  describe.each(npuModels)('%s', (name) => {
    const { graph, cases } = referenceModel(name);
    const sameOn = (blob: NpuBlob, config: string, wanted: 'answer' | 'logits', count = inputsOn(config)): void => {
      const driver = new DriverModel(config);
      for (const c of cases(count)) {
        const [output] = simulateBlob(blob, [bytesOf(c.input)], driver);
        expect(Int8Array.from(output)).toEqual(c[wanted]);
      }
    };

    it.each(parts)('%s: whole, by the rules, and bit-equal to TensorFlow Lite Micro', async (config) => {
      const { blob, blobs } = await compile(graph, config);
      expect([blobs, blob.tool]).toEqual([1, `ethos-u-vela ${velaVersion}`]);
      expect(ethosBackend.check(blob)).toEqual([]);
      expect(blob.cycles).toBeGreaterThan(1000);
      sameOn(blob, config, 'answer');
    });

    // Softmax answers 127 and -128 to much that is wrong.
    it.each(parts.filter((p) => all || p === 'ethos-u55-128'))('%s: logits too', async (config) => {
      const { blob } = await compile(headOf(graph), config);
      sameOn(blob, config, 'logits', all ? full : few);
    });
  });
});

describe.skipIf(!canRun)('a graph of which the NPU takes a part', () => {
  const graph = asInFile(importModel(mixedModel(), 'mixed.tflite'));
  let blob: NpuBlob;
  beforeAll(async () => {
    const split = await partition(graph, { backend: 'ethosu', config: 'ethos-u55-128', provider: 'vela' });
    const where = split.places.map((p) => [p.op, p.blob, p.verdict.npu ? '' : p.verdict.reason]);
    expect(where).toEqual([
      ['conv2d', 0, ''],
      ['elu', undefined, 'the NPU has no elu'],
      ['depthwiseConv2d', 1, ''],
      ['averagePool2d', 1, ''],
      ['reshape', 1, ''],
      ['fullyConnected', 1, ''],
      ['softmax', 1, ''],
    ]);
    expect(split.graph.nodes.map((n) => n.op)).toEqual(['npu', 'elu', 'npu']);
    blob = (split.graph.blobs as NpuBlob[])[0];
  });

  it('is one C program with one memory plan, and equal', async () => {
    const pack = await room.packBytes(mixedModel(), 'mixed.tflite', { target: 'ethos-u55-128', npuProvider: 'vela' });
    expect(pack.manifest.npu).toMatchObject({ config: 'ethos-u55-128', provider: 'vela', cpu: [{ op: 'elu' }] });
    for (const port of [...pack.manifest.inputs, ...pack.manifest.outputs])
      expect(port.offset + port.bytes).toBeLessThanOrEqual(pack.manifest.arenaBytes);
    const host = await hostOf(pack);
    for (const input of goldenInputs(pack.manifest.inputs[0].bytes).slice(0, 4)) {
      const expected = evaluateGraph(graph, [input], { rounding: 'tflite' });
      expect(runHost(host, pack.manifest, [input])).toEqual(expected);
    }
    expect(host.guardIntact()).toBe(true);
  });

  it('goes wrong where one weight byte or one zero point of its stream does', () => {
    const [input] = goldenInputs(blob.inputs[0].bytes);
    const run = (b: NpuBlob): Uint8Array[] => simulateBlob(b, [bytesOf(input)]);
    const right = run(blob);
    const constants = blob.constants.slice();
    constants[0] ^= 4;
    const payload = blob.payload.slice();
    const words = new DataView(payload.buffer);
    // NPU_SET_OFM_ZERO_POINT
    const at = Array.from({ length: payload.length / 4 }, (_, i) => 4 * i).find(
      (i) => words.getUint16(i, true) === 0x118,
    );
    words.setUint16((at as number) + 2, words.getUint16((at as number) + 2, true) ^ 1, true);
    expect(run({ ...blob, constants })).not.toEqual(right);
    expect(run({ ...blob, payload })).not.toEqual(right);
  });

  it('is refused by an NPU of another configuration, as the driver would', () => {
    const inputs = [new Uint8Array(blob.inputs[0].bytes)];
    const run = (): Uint8Array[] => simulateBlob(blob, inputs, new DriverModel('ethos-u55-64'));
    expect(run).toThrow(DriverRefusal);
    expect(run).toThrow('the stream is for ethos-u55-128 (word 0x1807), the NPU is an ethos-u55-64');
  });
});
