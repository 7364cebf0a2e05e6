// SPDX-License-Identifier: Apache-2.0
// Random layers through the built-in compiler and the functional model: the answers of mote's own operators, which are
// TensorFlow Lite's, and no broken rule of the hardware.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addTensor, emptyGraph, type Graph, type Node, quantOf, type Tensor } from '../../../model/graph.js';
import { evaluateGraph } from '../../../ops/evaluateGraph.js';
import { opSpec } from '../../../ops/index.js';
import { LeftToCpu } from '../../npuBackend.js';
import { compileBuiltin } from './compileBuiltin.js';
import { compileGraph } from './compileGraph.js';
import { tableOps } from './tableNames.js';
import { findingsOf, openCompiled } from './testing/runCompiled.js';

const parts = ['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256', 'ethos-u65-256', 'ethos-u65-512'];

/** The same numbers for the same seed. */
function numbers(seed: number): (least: number, most: number) => number {
  let state = seed;
  return (least, most) => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return least + Math.floor(((state >>> 8) / 2 ** 24) * (most - least + 1));
  };
}
type Numbers = ReturnType<typeof numbers>;

/** As models have them: no ratio of small numbers. */
const scaleOf = (n: Numbers): number => Math.fround(0.002 + n(0, 2 ** 24 - 1) / 2 ** 28);
const bytes = (n: Numbers, count: number): Int8Array => Int8Array.from({ length: count }, () => n(-128, 127));
const product = (shape: readonly number[]): number => shape.reduce((a, b) => a * b, 1);

/** A graph under construction. */
class Builder {
  readonly graph: Graph = emptyGraph('random', { format: 'mote', quantized: true });
  constructor(readonly n: Numbers) {}

  tensor(shape: number[], rest: Partial<Tensor> = {}): number {
    const quant = quantOf(scaleOf(this.n), this.n(-128, 127));
    return addTensor(this.graph, { name: `t${this.graph.tensors.length}`, dtype: 'int8', shape, quant, ...rest });
  }

  input(shape: number[], rest: Partial<Tensor> = {}): number {
    const id = this.tensor(shape, rest);
    this.graph.inputs.push(id);
    return id;
  }

  node(op: string, inputs: number[], attrs: Node['attrs'], rest: Partial<Tensor> = {}): number {
    const output = this.tensor([], rest);
    const node = { op, name: `${op}${this.graph.nodes.length}`, inputs, outputs: [output], attrs };
    this.graph.nodes.push(node);
    const [inferred] = opSpec(op)?.infer(node, this.graph) ?? [];
    this.graph.tensors[output].shape = inferred.shape;
    return output;
  }

  shape(id: number): number[] {
    return this.graph.tensors[id].shape;
  }

  weights(shape: number[], axis: number): number {
    const { n } = this;
    const scales = Float64Array.from({ length: shape[axis] }, () => Math.fround(n(1, 900) / 65_536));
    const quant = { scales, zeroPoints: new Int32Array(shape[axis]), axis };
    // Some weights are sparse, some have few values: both change how they are written.
    const kind = n(0, 2);
    const weight = (): number => (kind === 0 ? n(-127, 127) : kind === 1 ? (n(0, 9) ? 0 : n(-20, 20)) : n(-1, 1));
    return this.tensor(shape, { data: Int8Array.from({ length: product(shape) }, weight), quant });
  }

  bias(channels: number): number {
    const data = Int32Array.from({ length: channels }, () => this.n(-20_000, 20_000));
    return this.tensor([channels], { dtype: 'int32', data });
  }

  activation(): Node['attrs'] {
    return this.n(0, 1) ? { activation: { min: 0, max: this.n(0, 1) ? 6 : null } } : {};
  }
}

type Maker = (b: Builder) => number;

const picture = ({ n }: Builder, most = 20): number[] => [1, n(1, 14), n(1, 14), n(1, most)];

const makers: Record<string, Maker> = {
  conv2d(b) {
    const shape = picture(b, 40);
    const [kh, kw] = [b.n(1, 10), b.n(1, 5)];
    const pads = [b.n(0, kh - 1), b.n(0, kw - 1), kh, kw].map((p, i) => (i < 2 ? p : b.n(0, p - 1)));
    pads[2] = Math.max(pads[2], 2 * kh - shape[1] - pads[0]);
    pads[3] = Math.max(pads[3], 2 * kw - shape[2] - pads[1]);
    const dilations = [b.n(1, 2), b.n(1, 2)];
    const outputs = b.n(1, 70);
    const attrs = { strides: [b.n(1, 3), b.n(1, 3)], dilations, pads, groups: 1, ...b.activation() };
    return b.node('conv2d', [b.input(shape), b.weights([outputs, kh, kw, shape[3]], 0), b.bias(outputs)], attrs);
  },
  depthwiseConv2d(b) {
    const shape = picture(b, 40);
    const single = shape[3] === 1 ? b.n(1, 9) : 1;
    const attrs = { strides: [b.n(1, 2), b.n(1, 2)], dilations: [1, 1], pads: [1, 1, 1, 1], multiplier: single };
    const weights = b.weights([1, 3, 3, shape[3] * single], 3);
    return b.node('depthwiseConv2d', [b.input(shape), weights, b.bias(shape[3] * single)], attrs);
  },
  fullyConnected(b) {
    const [rows, inputs, outputs] = [b.n(1, 3), b.n(1, 300), b.n(1, 40)];
    return b.node('fullyConnected', [b.input([rows, inputs]), b.weights([outputs, inputs], 0), b.bias(outputs)], {});
  },
  averagePool2d(b) {
    const x = b.input(picture(b));
    const pad = b.n(0, 1);
    const kernel = [Math.min(b.n(1 + pad, 4), b.shape(x)[1] + pad), Math.min(b.n(1 + pad, 4), b.shape(x)[2] + pad)];
    const attrs = { kernel, strides: [b.n(1, 3), b.n(1, 3)], pads: [pad, pad, 0, 0], countIncludePad: false };
    return b.node('averagePool2d', [x], attrs, { quant: b.graph.tensors[x].quant });
  },
  maxPool2d(b) {
    const x = b.input(picture(b));
    const kernel = [b.n(1, b.shape(x)[1]), b.n(1, b.shape(x)[2])];
    const attrs = { kernel, strides: [b.n(1, 3), b.n(1, 3)], dilations: [1, 1], pads: [0, 0, 0, 0] };
    return b.node('maxPool2d', [x], attrs, { quant: b.graph.tensors[x].quant });
  },
  add: (b) => binary(b, 'add', false),
  sub: (b) => binary(b, 'sub', false),
  mul: (b) => binary(b, 'mul', false),
  minimum: (b) => binary(b, 'minimum', true),
  maximum: (b) => binary(b, 'maximum', true),
  concat(b) {
    const axis = b.n(1, 3);
    const first = picture(b);
    const quant = quantOf(scaleOf(b.n), 3);
    // Parts that are computed lie in the whole at once; those that come from outside are copied.
    const shapes = [first, first.map((d, i) => (i === axis ? b.n(1, 9) : d))];
    const parts = shapes.map((shape, i) => {
      // Every other time the copied part has a scale of its own.
      const x = b.input(shape, i === 0 || b.n(0, 1) ? { quant } : {});
      return i === 0 ? b.node('maxPool2d', [x], unitPool, { quant }) : x;
    });
    return b.node('concat', parts, { axis }, { quant });
  },
  reshape(b) {
    const x = b.input(picture(b));
    const { quant } = b.graph.tensors[x];
    const flat = b.node('reshape', [x], { shape: [1, product(b.shape(x))] }, { quant });
    const all = b.shape(flat)[1];
    return b.n(0, 1) ? flat : b.node('fullyConnected', [flat, b.weights([5, all], 0), b.bias(5)], {});
  },
  softmax(b) {
    const shape = b.n(0, 1) ? [b.n(1, 20), b.n(1, 300)] : picture(b, 40);
    const attrs = { axis: shape.length - 1, beta: b.n(0, 1) ? 1 : 0.3 };
    // Sharp and flat ones.
    const quant = quantOf(scaleOf(b.n) * (b.n(0, 1) ? 4 : 1), b.n(-128, 127));
    return b.node('softmax', [b.input(shape, { quant })], attrs, { quant: quantOf(1 / 256, -128) });
  },
  mean(b) {
    const x = b.input([1, b.n(1, 40), b.n(1, 40), b.n(1, 30)]);
    const rest = b.n(0, 1) ? { quant: b.graph.tensors[x].quant } : {};
    return b.node('mean', [x], { axes: [1, 2], keepDims: b.n(0, 1) === 1 }, rest);
  },
  pad(b) {
    const x = b.input(picture(b));
    const pair = (): [number, number] => [b.n(0, 3), b.n(0, 2)];
    const pads = [[0, 0], pair(), pair(), b.n(0, 1) ? pair() : [0, 0]];
    const { quant } = b.graph.tensors[x];
    const inner = b.node('hardSwish', [x], {}, { quant });
    return b.node('pad', [b.n(0, 1) ? x : inner], { pads, value: b.n(-1, 1) / 10 }, { quant });
  },
  logistic: (b) => b.node('logistic', [b.input(picture(b))], {}, { quant: quantOf(1 / 256, -128) }),
  hardSwish: (b) => b.node('hardSwish', [b.input(picture(b))], {}),
  leakyRelu: (b) => b.node('leakyRelu', [b.node('hardSwish', [b.input(picture(b))], {})], { alpha: 0.1 }),
};

/** Operators that end in a function of one byte or two. */
const withTables = ['conv2d', 'depthwiseConv2d', 'fullyConnected', 'averagePool2d', 'mul', 'hardSwish'];

const unitPool = { kernel: [1, 1], strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0] };

function binary(b: Builder, op: string, same: boolean): number {
  const shape = picture(b);
  const quant = quantOf(scaleOf(b.n), b.n(-128, 127));
  const rest = same || b.n(0, 3) === 0 ? { quant } : {};
  const other = [shape, [1, 1, 1, shape[3]], [1, shape[1], 1, 1], [1, 1, 1, 1]][b.n(0, 3)];
  const second = b.n(0, 1) ? b.input(other, rest) : b.tensor(other, { data: bytes(b.n, product(other)), ...rest });
  const first = b.input(shape, rest);
  const attrs = op === 'minimum' || op === 'maximum' ? {} : b.activation();
  return b.node(op, b.n(0, 1) ? [first, second] : [second, first], attrs, same ? { quant } : {});
}

/** A layer behind another: a window where one fits, or a table, and now and then both of two results. */
function next(b: Builder, x: number): number {
  const [, height, width, depth] = b.shape(x);
  const { quant } = b.graph.tensors[x];
  const kernel = [b.n(1, Math.min(3, height)), b.n(1, Math.min(3, width))];
  const window = { kernel, strides: [b.n(1, 3), b.n(1, 2)], dilations: [1, 1], pads: [0, 0, 0, 0] };
  const kind = b.n(0, 5);
  if (kind === 0) return b.node('maxPool2d', [x], window, { quant });
  if (kind === 1) return b.node('averagePool2d', [x], { ...window, countIncludePad: false }, { quant });
  if (kind === 2) return b.node('maximum', [x, b.node('hardSwish', [x], {}, { quant })], {}, { quant });
  if (kind === 3) return b.node('hardSwish', [x], {});
  const outputs = b.n(1, 40);
  const weights = b.weights([outputs, kernel[0], kernel[1], depth], 0);
  return b.node('conv2d', [x, weights, b.bias(outputs)], { ...window, groups: 1, ...b.activation() });
}

function build(op: string, seed: number): Builder {
  const b = new Builder(numbers(seed));
  b.graph.outputs = [makers[op](b)];
  return b;
}

/** TensorFlow Lite rounds the operands of a sum twice where the functional model rounds once: where a sum then lies on a tie,
 *  answers differ by one (none in 600,000 elements with scales like these; ratios of small numbers make ties common). */
const tiedShare: Readonly<Record<string, number>> = { add: 1 / 500, sub: 1 / 500 };

function expectSame(op: string, got: Int8Array, wanted: Int8Array): void {
  if (!(op in tiedShare)) expect(got).toEqual(wanted);
  const off = Array.from(got, (v, i) => Math.abs(v - wanted[i]));
  expect(Math.max(...off)).toBeLessThanOrEqual(1);
  expect(off.filter((d) => d > 0).length).toBeLessThanOrEqual(1 + (tiedShare[op] ?? 0) * got.length);
}

describe('random layers', () => {
  it.each(Object.keys(makers))('%s answers as its operator does', (op) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.constantFrom(...parts), (seed, part) => {
        const { graph, n } = build(op, seed);
        const compiled = compileGraph(graph, part);
        expect(findingsOf(compiled)).toEqual([]);
        const inputs = graph.inputs.map((id) => bytes(n, product(graph.tensors[id].shape)));
        const wanted = evaluateGraph(graph, inputs, { rounding: 'tflite' });
        expectSame(op, openCompiled(compiled)(inputs)[0], wanted[0] as Int8Array);
      }),
      { numRuns: 12 },
    );
  });

  it.each(withTables)('%s looks up what follows it itself', (op) => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.constantFrom(...parts), (seed, part) => {
        const b = new Builder(numbers(seed));
        const alone = makers[op](b);
        b.graph.outputs = [alone];
        const before = compileGraph(b.graph, part).pieces.length;
        const once = b.node('tanh', [alone], {}, { quant: quantOf(1 / 128, 0) });
        b.graph.outputs = [b.n(0, 1) ? once : b.node('leakyRelu', [once], { alpha: 0.1 })];
        const compiled = compileGraph(b.graph, part);
        expect(findingsOf(compiled)).toEqual([]);
        expect(compiled.pieces.length).toBe(before);
        const inputs = b.graph.inputs.map((id) => bytes(b.n, product(b.graph.tensors[id].shape)));
        const wanted = evaluateGraph(b.graph, inputs, { rounding: 'tflite' });
        expect(openCompiled(compiled)(inputs)).toEqual(wanted);
      }),
      { numRuns: 10 },
    );
  });

  it('in a row, some of which step over rows or are read twice, in little memory', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 30 }), fc.constantFrom(...parts), (seed, part) => {
        const b = new Builder(numbers(seed));
        let x = b.input([1, b.n(12, 30), b.n(6, 12), b.n(4, 20)]);
        for (let i = b.n(2, 5); i > 0; i--) x = next(b, x);
        b.graph.outputs = [x];
        const wish = b.n(0, 1) ? { prefer: 'ram' as const } : { budgetBytes: b.n(1000, 9000) };
        const compiled = compileGraph(b.graph, part, wish);
        expect(findingsOf(compiled)).toEqual([]);
        const inputs = b.graph.inputs.map((id) => bytes(b.n, product(b.graph.tensors[id].shape)));
        const wanted = evaluateGraph(b.graph, inputs, { rounding: 'tflite' });
        expect(openCompiled(compiled)(inputs)).toEqual(wanted);
      }),
      { numRuns: 40 },
    );
  });

  it.each(parts)('keep no accumulators for a second row of one, on %s', (part) => {
    const b = new Builder(numbers(7));
    b.graph.outputs = [b.node('fullyConnected', [b.input([171, 5]), b.weights([29, 5], 0), b.bias(29)], {})];
    expect(findingsOf(compileGraph(b.graph, part))).toEqual([]);
  });

  it.each<[string, (b: Builder) => number, RegExp]>([
    ['an argMax', (b) => b.node('argMax', [b.input([1, 8])], { axis: 1 }), /no argMax/],
    [
      'a long softmax',
      (b) => b.node('softmax', [b.input([1, 5000])], { axis: 1, beta: 1 }, { quant: quantOf(1 / 256, -128) }),
      /longer than 4095/,
    ],
    [
      'a softmax that is scaled',
      (b) => b.node('softmax', [b.input([1, 8])], { axis: 1, beta: 1 }),
      /has not scale 1\/256/,
    ],
    [
      'a tall mean that is scaled',
      (b) => b.node('mean', [b.input([1, 65, 2, 8])], { axes: [1, 2], keepDims: true }),
      /over 65 rows/,
    ],
    [
      'a batch that is padded',
      (b) =>
        b.node('pad', [b.input([1, 2, 2, 8])], {
          pads: [
            [1, 0],
            [0, 0],
            [0, 0],
            [0, 0],
          ],
        }),
      /pads the batch/,
    ],
    [
      'a mean that counts padding',
      (b) => {
        const attrs = { kernel: [2, 2], strides: [1, 1], pads: [1, 1, 0, 0], countIncludePad: true };
        return b.node('averagePool2d', [b.input([1, 4, 4, 8])], attrs);
      },
      /counts padding/,
    ],
    [
      'a dilated window',
      (b) => b.node('maxPool2d', [b.input([1, 6, 6, 8])], { ...unitPool, kernel: [2, 2], dilations: [2, 2] }),
      /dilated/,
    ],
    [
      'a long step',
      (b) => b.node('maxPool2d', [b.input([1, 9, 9, 8])], { ...unitPool, strides: [4, 4] }),
      /stride 4x4/,
    ],
    [
      'two broadcasts',
      (b) => b.node('add', [b.input([1, 4, 1, 8]), b.input([1, 1, 4, 8])], {}),
      /both of its operands/,
    ],
    [
      'a large constant',
      (b) => b.node('add', [b.input([1, 1, 1, 8]), b.tensor([1, 4, 4, 8], { data: bytes(b.n, 128) })], {}),
      /larger operand is constant/,
    ],
  ])('leave %s to the CPU', async (_, make, reason) => {
    const b = new Builder(numbers(1));
    b.graph.outputs = [make(b)];
    const error = await compileBuiltin(b.graph, 'ethos-u55-128').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LeftToCpu);
    expect((error as LeftToCpu).reason).toMatch(reason);
    expect((error as LeftToCpu).nodes).toEqual(b.graph.nodes.map((n) => n.name));
  });

  it('include a table for each function of one number', () => {
    expect(tableOps.size).toBeGreaterThan(30);
    for (const op of tableOps) expect([op, opSpec(op) !== undefined]).toEqual([op, true]);
  });
});
