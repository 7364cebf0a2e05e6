// SPDX-License-Identifier: Apache-2.0
// Graphs compiled for the KPU, run by its functional model, against mote's own integer arithmetic; and the writer against
// files that nncase's own loader read.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeShared, sharedFile } from '../../../../test/support/shared.js';
import { MoteError } from '../../../cli/errors.js';
import { type Attrs, addTensor, elementCount, emptyGraph, type Graph, quantOf } from '../../../model/graph.js';
import { evaluateGraph } from '../../../ops/evaluateGraph.js';
import { xorshift32 } from '../../../xorshift.js';
import { partition } from '../../partition.js';
import { blobModel } from '../blobModel.js';
import { checkKmodel } from '../checkKmodel.js';
import { type Kmodel, readKmodel } from '../kmodel.js';
import { mapOfPlanes, planesOf } from '../planes.js';
import { inputFromDense, runKmodel } from '../runKmodel.js';
import { writeKmodel } from '../writeKmodel.js';
import { compileKpu } from './compileKpu.js';
import { exportKmodel } from './exportKmodel.js';
import { kpuSupports } from './kpuSupport.js';

/** int8 graphs of images. */
class Images {
  readonly graph: Graph = emptyGraph('kpu', { format: 'mote', quantized: true });
  private readonly next: () => number;
  constructor(seed: number) {
    this.next = xorshift32(seed + 1);
  }

  private int8(count: number): Int8Array {
    return Int8Array.from({ length: count }, () => (this.next() >>> 24) - 128);
  }

  private tensor(shape: number[], scale: number, zeroPoint: number, name: string): number {
    return addTensor(this.graph, { name, dtype: 'int8', shape, quant: quantOf(scale, zeroPoint) });
  }

  input(shape: number[], scale = 0.05, zeroPoint = -5): number {
    const id = this.tensor(shape, scale, zeroPoint, `input_${this.graph.inputs.length}`);
    this.graph.inputs.push(id);
    return id;
  }

  node(op: string, inputs: number[], shape: number[], attrs: Attrs, scale: number, zeroPoint: number): number {
    const name = `${op}_${this.graph.nodes.length}`;
    const id = this.tensor(shape, scale, zeroPoint, name);
    this.graph.nodes.push({ op, name, inputs, outputs: [id], attrs });
    return id;
  }

  conv(
    x: number,
    o: { outputs: number; kernel: 1 | 3; depthwise?: boolean; stride?: 1 | 2; pad?: number; relu?: boolean },
  ): number {
    const [, h, w, c] = this.graph.tensors[x].shape;
    const { kernel: k, stride = 1, pad = k === 3 ? 1 : 0, depthwise = false } = o;
    const outputs = depthwise ? c : o.outputs;
    const shape = depthwise ? [1, k, k, c] : [outputs, k, k, c];
    const scales = Float64Array.from({ length: outputs }, () => 0.002 + (this.next() >>> 24) / 100_000);
    const quant = { scales, zeroPoints: new Int32Array(outputs), axis: depthwise ? 3 : 0 };
    const data = this.int8(elementCount(shape));
    const weights = addTensor(this.graph, { name: 'w', dtype: 'int8', shape, data, quant });
    const bias = addTensor(this.graph, {
      name: 'b',
      dtype: 'int32',
      shape: [outputs],
      data: Int32Array.from({ length: outputs }, () => (this.next() >>> 20) - 2048),
    });
    const behind = stride === 2 ? 1 - (k === 3 && pad === 1 ? 1 : 0) : pad;
    const pads = k === 1 ? [0, 0, 0, 0] : [pad, pad, stride === 1 ? pad : behind, stride === 1 ? pad : behind];
    const taps = depthwise ? k * k : k * k * c;
    const scale = (0.05 * 0.0033 * 75 * 75 * Math.sqrt(taps)) / 60;
    const attrs = {
      strides: [stride, stride],
      pads,
      dilations: [1, 1],
      ...(depthwise ? { multiplier: 1 } : { groups: 1 }),
      activation: { min: o.relu ? 0 : null, max: null },
    };
    const op = depthwise ? 'depthwiseConv2d' : 'conv2d';
    return this.node(op, [x, weights, bias], [1, h / stride, w / stride, outputs], attrs, scale, o.relu ? -128 : 3);
  }

  samples(): Int8Array[] {
    return this.graph.inputs.map((id) => this.int8(elementCount(this.graph.tensors[id].shape)));
  }

  done(...outputs: number[]): Graph {
    this.graph.outputs = outputs;
    return this.graph;
  }
}

/** The KPU's answers as the graph's tensors. */
function onKpu(graph: Graph, model: Kmodel, inputs: readonly Int8Array[]): Int8Array[] {
  const shapeOf = (id: number): number[] => graph.tensors[id].shape;
  const planes = inputs.map((data, i) => inputFromDense(model, i, planesOf(data, shapeOf(graph.inputs[i]))));
  return runKmodel(model, planes, 'test').map((bytes, i) => mapOfPlanes(bytes, shapeOf(graph.outputs[i])));
}

/** Largest difference between the KPU and mote's integers, through the bytes of the file. */
function distance(images: Images, graph: Graph): number {
  for (const node of graph.nodes) expect(kpuSupports(node, graph), node.name).toEqual({ npu: true });
  const model = readKmodel(writeKmodel(compileKpu(graph, graph.nodes, graph.outputs)), 'test');
  expect(checkKmodel(model)).toEqual([]);
  const inputs = images.samples();
  const expected = evaluateGraph(graph, inputs, { rounding: 'single' }) as Int8Array[];
  const got = onKpu(graph, model, inputs);
  return Math.max(...expected.flatMap((data, i) => Array.from(data, (q, at) => Math.abs(q - got[i][at]))));
}

describeShared('the writer', () => {
  it.each(Array.from({ length: 12 }, (_, i) => String(i).padStart(2, '0')))(
    'kmodel %s is written as it was',
    (name) => {
      const file = sharedFile(`npu/k210/${name}.kmodel`);
      expect(Buffer.from(writeKmodel(readKmodel(file, name))).equals(file)).toBe(true);
    },
  );
});

describe('graphs on the KPU', () => {
  it('convolutions of all kinds are at most one step off', () => {
    fc.assert(
      fc.property(
        fc.record({
          seed: fc.nat(1e6),
          size: fc.constantFrom(8, 12, 20, 36, 66),
          channels: fc.integer({ min: 1, max: 20 }),
          outputs: fc.integer({ min: 1, max: 33 }),
          kernel: fc.constantFrom<1 | 3>(1, 3),
          depthwise: fc.boolean(),
          stride: fc.constantFrom<1 | 2>(1, 2),
          even: fc.boolean(),
          relu: fc.boolean(),
        }),
        ({ seed, size, channels, outputs, kernel, depthwise, stride, even, relu }) => {
          const images = new Images(seed);
          const x = images.input([1, 8, size, channels]);
          const pad = kernel === 1 || (stride === 2 && !even) ? 0 : 1;
          const y = images.conv(x, { outputs, kernel, depthwise, stride, pad, relu });
          expect(distance(images, images.done(y))).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('pools, additions and what several layers read', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.constantFrom(8, 16, 20, 36),
        fc.integer({ min: 1, max: 18 }),
        fc.boolean(),
        (seed, width, channels, again) => {
          const images = new Images(seed);
          const shape = [1, 8, width, channels];
          const x = images.input(shape);
          const a = images.conv(x, { outputs: channels, kernel: 3, relu: true });
          const { scales, zeroPoints } = images.graph.tensors[a].quant as {
            scales: Float64Array;
            zeroPoints: Int32Array;
          };
          const clamp = { activation: { min: 0, max: null } };
          const sum = images.node('add', [a, x], shape, clamp, scales[0] * 1.3, -128);
          // The input is part of two additions here, so it is copied for the second.
          const twice = again
            ? images.node('add', [x, sum], shape, { activation: { min: null, max: null } }, scales[0] * 1.5, 7)
            : sum;
          const doubled = images.node(
            'add',
            [twice, twice],
            shape,
            { activation: { min: null, max: null } },
            scales[0] * 2.6,
            -20,
          );
          const window = {
            kernel: [2, 2],
            strides: [2, 2],
            pads: [0, 0, 0, 0],
            dilations: [1, 1],
            activation: { min: null, max: null },
          };
          const q = images.graph.tensors[doubled].quant as { scales: Float64Array; zeroPoints: Int32Array };
          const pooled = images.node(
            'maxPool2d',
            [doubled],
            [1, 4, width / 2, channels],
            window,
            q.scales[0],
            q.zeroPoints[0],
          );
          const mean = images.node('averagePool2d', [a], [1, 4, width / 2, channels], window, scales[0], zeroPoints[0]);
          // Each layer may be one off, and the next adds its own.
          expect(distance(images, images.done(pooled, mean))).toBeLessThanOrEqual(3);
        },
      ),
      { numRuns: 15 },
    );
  });

  it('maps joined by their channels, of any scales', () => {
    fc.assert(
      fc.property(
        fc.nat(1e6),
        fc.constantFrom(8, 20, 36),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
        fc.boolean(),
        (seed, width, channels, twice) => {
          const images = new Images(seed);
          const parts = channels.map((c, i) => images.input([1, 8, width, c], 0.05 + 0.01 * i, i - 5));
          if (twice && parts.length < 4) parts.push(parts[0]);
          const all = parts.reduce((sum, id) => sum + images.graph.tensors[id].shape[3], 0);
          const joined = images.node('concat', parts, [1, 8, width, all], { axis: 3 }, 0.07, 3);
          // A part of one is the input of another node too.
          const other = images.conv(parts[0], { outputs: 3, kernel: 1 });
          expect(distance(images, images.done(joined, other))).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 20 },
    );
  });

  it('convolutions of other strides and pads, which the CPU picks out of one that keeps the size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          seed: fc.nat(1e6),
          height: fc.integer({ min: 5, max: 11 }),
          width: fc.constantFrom(5, 9, 16, 33),
          kernel: fc.constantFrom<1 | 3>(1, 3),
          depthwise: fc.boolean(),
          stride: fc.integer({ min: 1, max: 4 }),
          pads: fc.tuple(fc.nat(1), fc.nat(1), fc.nat(1), fc.nat(1)),
        }),
        async ({ seed, height, width, kernel, depthwise, stride, pads: wanted }) => {
          const images = new Images(seed);
          const x = images.input([1, height, width, 5]);
          const y = images.conv(x, { outputs: 6, kernel, depthwise });
          const pads = kernel === 1 ? [0, 0, 0, 0] : wanted;
          const [node] = images.graph.nodes;
          node.attrs = { ...node.attrs, strides: [stride, stride], pads };
          const out = (n: number, both: number): number => Math.floor((n + both - kernel) / stride) + 1;
          const shape = [1, out(height, pads[0] + pads[2]), out(width, pads[1] + pads[3]), depthwise ? 5 : 6];
          images.graph.tensors[y] = { ...images.graph.tensors[y], shape };
          const graph = images.done(y);
          const split = await partition(graph, { backend: 'k210', config: 'k210' });
          expect(split.graph.nodes.map((n) => n.op)[0]).toBe('npu');
          const inputs = images.samples();
          const [expected] = evaluateGraph(graph, inputs, { rounding: 'single' }) as Int8Array[];
          const [got] = evaluateGraph(split.graph, inputs, { rounding: 'single' }) as Int8Array[];
          expect(got.length).toBe(expected.length);
          expect(Math.max(...expected.map((q, i) => Math.abs(q - got[i])))).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('leaves weights to the CPU that the KPU cannot load', () => {
    const images = new Images(3);
    const x = images.input([1, 4, 4, 512]);
    const graph = images.done(images.conv(x, { outputs: 1024, kernel: 3 }));
    expect(kpuSupports(graph.nodes[0], graph)).toMatchObject({
      npu: false,
      reason: 'its weights take 171 loads of 30 KiB, the KPU makes 64',
    });
  });

  it.each([
    ['logistic', {}, 1 / 256, -128, 1],
    ['tanh', {}, 1 / 128, 0, 1],
    ['leakyRelu', { alpha: 0.1 }, 0.03, -100, 1],
    ['softplus', {}, 0.02, -128, 1],
    ['elu', { alpha: 1 }, 0.02, -60, 1],
  ] as const)('%s in sixteen pieces is at most one step off', (op, attrs, scale, zeroPoint, most) => {
    const images = new Images(9);
    const x = images.input([1, 16, 16, 4], 0.04, 2);
    const y = images.node(op, [x], [1, 16, 16, 4], attrs, scale, zeroPoint);
    expect(distance(images, images.done(y))).toBeLessThanOrEqual(most);
  });

  it('says where the memory of feature maps ends', () => {
    const images = new Images(1);
    const x = images.input([1, 256, 512, 8]);
    const graph = images.done(images.conv(x, { outputs: 9, kernel: 1 }));
    const run = () => compileKpu(graph, graph.nodes, graph.outputs);
    expect(run).toThrow(MoteError);
    expect(run).toThrow(/2097152 bytes for feature maps/);
  });

  it('leaves a layer to the CPU whose own maps are larger than that memory', async () => {
    const images = new Images(1);
    const x = images.input([1, 64, 512, 20]);
    const y = images.conv(images.conv(x, { outputs: 45, kernel: 1, depthwise: false }), { outputs: 8, kernel: 1 });
    const graph = images.done(images.conv(y, { outputs: 2, kernel: 1 }));
    const { places } = await partition(graph, { backend: 'k210', config: 'k210' });
    expect(places.map((p) => p.verdict)).toEqual([
      { npu: false, reason: "its maps take 2129920 bytes, the KPU's memory has 2097152", change: '' },
      { npu: true },
      { npu: true },
    ]);
  });

  it('cuts a blob where maps that only wait for later are in the way', async () => {
    const images = new Images(2);
    // A channel of 65 columns takes 32 KiB: 64 of them fit.
    const x = images.input([1, 256, 65, 8]);
    const wide = images.conv(x, { outputs: 30, kernel: 1 });
    const same = images.conv(wide, { outputs: 30, kernel: 3, depthwise: true, relu: true });
    const narrow = images.conv(same, { outputs: 8, kernel: 1 });
    const graph = images.done(
      images.node('add', [x, narrow], [1, 256, 65, 8], { activation: { min: null, max: null } }, 0.2, 0),
    );
    const split = await partition(graph, { backend: 'k210', config: 'k210' });
    expect(split.places.map((p) => p.blob)).toEqual([0, 1, 2, 2]);
    for (const blob of split.graph.blobs ?? []) expect(checkKmodel(blobModel(blob).model)).toEqual([]);
    const inputs = images.samples();
    const [expected] = evaluateGraph(graph, inputs, { rounding: 'single' }) as Int8Array[];
    const [got] = evaluateGraph(split.graph, inputs, { rounding: 'single' }) as Int8Array[];
    expect(Math.max(...new Set(expected.map((q, i) => Math.abs(q - got[i]))))).toBeLessThanOrEqual(3);
  });

  it('names the first node that can be in no kmodel', () => {
    const images = new Images(1);
    const x = images.input([1, 8, 8, 4]);
    const y = images.conv(x, { outputs: 4, kernel: 3 });
    const z = images.node('hardSwish', [y], [1, 8, 8, 4], {}, 0.1, 0);
    expect(() => exportKmodel(images.done(z))).toThrow(/'hardSwish_1' \(hardSwish\) cannot be in a kmodel/);
  });
});
