// SPDX-License-Identifier: Apache-2.0
// ONNX QDQ models with 16-bit activations become integers, and agree with ONNX Runtime to a few of the output's steps.
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { canonicalize } from '../passes/index.js';
import { quantizeValue } from '../passes/integerOperands.js';
import { relayout } from '../passes/testing/graphBuilder.js';
import { findObstacles } from '../support.js';
import { xorshift32 } from '../xorshift.js';
import { elementCount, type Graph, perTensorQuant } from './graph.js';
import { readOnnx } from './onnx.js';
import {
  type TestAttribute,
  type TestConstant,
  type TestGraph,
  type TestNode,
  writeOnnx,
} from './testing/onnxWriter.js';

type Type = 'int8' | 'uint8' | 'int16' | 'uint16';
const arrays = { int8: Int8Array, uint8: Uint8Array, int16: Int16Array, uint16: Uint16Array };
const lowest = { int8: -128, uint8: 0, int16: -32768, uint16: 0 };
const steps = { int8: 255, uint8: 255, int16: 65535, uint16: 65535 };

/** A model under construction, as a quantization tool writes it. */
class Qdq {
  readonly nodes: TestNode[] = [];
  readonly constants: TestConstant[] = [];
  private readonly next = xorshift32(11);

  /** `domain`: of the quantizing nodes; ONNX has 16 bits from opset 21 on, ONNX Runtime's own had them before. */
  constructor(private readonly domain: '' | 'com.microsoft') {}

  random(count: number): number[] {
    return Array.from({ length: count }, () => (this.next() >>> 8) / 2 ** 23 - 1);
  }

  op(op: string, inputs: string[], attributes: Record<string, TestAttribute> = {}): string {
    const output = `${op}_${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [output], attributes });
    return output;
  }

  /** Quantized to a range and back. */
  fake(x: string, low: number, high: number, type: Type): string {
    const scale = Math.fround((high - low) / steps[type]);
    const zero = Math.round(lowest[type] - low / scale);
    const name = `${x}_${type}`;
    this.constants.push(
      { name: `${name}_s`, type: 'float', dims: [], data: Float32Array.of(scale) },
      { name: `${name}_z`, type, dims: [], data: arrays[type].of(zero) },
    );
    const rest = [`${name}_s`, `${name}_z`];
    const domain = this.domain === '' ? {} : { domain: this.domain };
    this.nodes.push({ op: 'QuantizeLinear', inputs: [x, ...rest], outputs: [`${name}_q`], ...domain });
    this.nodes.push({ op: 'DequantizeLinear', inputs: [`${name}_q`, ...rest], outputs: [name], ...domain });
    return name;
  }

  weights(name: string, dims: number[], type: 'int8' | 'int16' = 'int8'): string {
    const most = type === 'int8' ? 127 : 32767;
    const data = new arrays[type](this.random(elementCount(dims)).map((v) => Math.round(v * most)));
    const scales = Float32Array.from({ length: dims[0] }, (_, c) => (0.5 + 0.1 * c) / most);
    this.constants.push(
      { name: `${name}_q`, type, dims, data },
      { name: `${name}_s`, type: 'float', dims: [dims[0]], data: scales },
    );
    const domain = this.domain === '' ? {} : { domain: this.domain };
    const zero = { name: `${name}_z`, type, dims: [dims[0]], data: new arrays[type](dims[0]) };
    this.constants.push(zero);
    const node = { op: 'DequantizeLinear', inputs: [`${name}_q`, `${name}_s`, `${name}_z`], outputs: [name] };
    this.nodes.push({ ...node, attributes: { axis: { int: 0 } }, ...domain });
    return name;
  }

  floats(name: string, dims: number[]): string {
    this.constants.push({ name, type: 'float', dims, data: Float32Array.from(this.random(elementCount(dims))) });
    return name;
  }

  build(output: string, dims: number[]): TestGraph {
    return {
      opset: 21,
      domains: [{ domain: 'com.microsoft', version: 1 }],
      inputs: [{ name: 'x', type: 'float', dims }],
      outputs: [{ name: output, type: 'float' }],
      nodes: this.nodes,
      constants: this.constants,
    };
  }
}

/** Weights of a MatMul, quantized per tensor. */
function transposed(b: Qdq, name: string, dims: number[]): string {
  return b.op('Transpose', [b.weights(name, dims)], { perm: { ints: [1, 0] } });
}

const same3 = { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } };

/** Saturation is the only relu of two of its layers where `least` is 0. */
function network(b: Qdq, type: Type, least: number, weights: 'int8' | 'int16' = 'int8'): TestGraph {
  const x = b.fake('x', -1, 1, type);
  const first = b.op('Conv', [x, b.weights('w1', [4, 3, 3, 3], weights), b.floats('b1', [4])], same3);
  const a = b.fake(first, least, 6, type);
  const second = b.op('Conv', [a, b.weights('w2', [4, 1, 3, 3], weights)], { ...same3, group: { int: 4 } });
  const sum = b.fake(b.op('Add', [a, b.fake(second, -8, 8, type)]), least, 10, type);
  const scaled = b.fake(b.op('Mul', [sum, b.fake(b.floats('m', [1, 4, 1, 1]), -1, 1, type)]), least, 9, type);
  const pooled = b.fake(
    b.op('MaxPool', [scaled], { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }),
    least,
    9,
    type,
  );
  const mean = b.fake(b.op('GlobalAveragePool', [pooled]), least, 9, type);
  const flat = b.fake(b.op('Flatten', [mean]), least, 9, type);
  const dense = b.op('Gemm', [flat, b.weights('w3', [5, 4], weights), b.floats('b3', [5])], { transB: { int: 1 } });
  return b.build(b.fake(dense, -9, 9, type), [1, 3, 8, 8]);
}

interface Judged {
  graph: Graph;
  worst: number;
  largest: number;
}

/** Largest distance from ONNX Runtime over a few random inputs, in real numbers. */
async function judge(model: TestGraph): Promise<Judged> {
  const bytes = writeOnnx(model);
  const graph = canonicalize(readOnnx(bytes, 'test'));
  expect(findObstacles(graph)).toEqual([]);
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const dims = (model.inputs[0].dims ?? []).map(Number);
  const next = xorshift32(5);
  const [input, output] = [graph.tensors[graph.inputs[0]], graph.tensors[graph.outputs[0]]];
  const [xq, yq] = [input, output].map((t) => t.quant);
  if (!xq || !yq) throw new Error('its input or output is not quantized');
  const [xType, { scale, zeroPoint }] = [input.dtype as 'int8' | 'int16', perTensorQuant(output)];
  let [worst, largest] = [0, 0];
  for (let k = 0; k < 8; k++) {
    const values = Float32Array.from({ length: elementCount(dims) }, () => (next() >>> 8) / 2 ** 23 - 1);
    const wanted = (await session.run({ x: new ort.Tensor('float32', values, dims) }))[model.outputs[0].name];
    const q = new arrays[xType](Array.from(values, (v) => quantizeValue(v, xq, xType)));
    const [got] = evaluateGraph(graph, [relayout(graph, graph.inputs[0], q, 'toGraph')], { rounding: 'single' });
    Array.from(relayout(graph, graph.outputs[0], got, 'toFile') as Int16Array, Number).forEach((v, i) => {
      const real = Number((wanted.data as Float32Array)[i]);
      worst = Math.max(worst, Math.abs(scale * (v - zeroPoint) - real));
      largest = Math.max(largest, Math.abs(real));
    });
  }
  return { graph, worst, largest };
}

const isInteger = (graph: Graph): boolean =>
  graph.nodes.every((n) => n.outputs.every((id) => graph.tensors[id].dtype !== 'float32'));

describe('ONNX QDQ with 16-bit activations', () => {
  const step = 18 / 65535;

  it.each([
    ['int16', '', -6],
    ['int16', 'com.microsoft', -6],
    ['int16', '', 0],
    ['uint16', '', 0],
    ['uint16', 'com.microsoft', -2],
  ] as const)(
    '%s, domain "%s", from %f: integers only, equal to ONNX Runtime to a few steps',
    async (type, domain, low) => {
      const { graph, worst, largest } = await judge(network(new Qdq(domain), type, low));
      expect(isInteger(graph)).toBe(true);
      expect(new Set(graph.nodes.map((n) => graph.tensors[n.outputs[0]].dtype))).toEqual(new Set(['int16']));
      expect(largest).toBeGreaterThan(0.5);
      expect(worst).toBeLessThan(2.1 * step);
    },
  );

  it.each(['int16', 'uint16'] as const)(
    '%s through sigmoid, product of two activations, softmax and concat',
    async (type) => {
      const b = new Qdq('');
      const x = b.fake('x', -1, 1, type);
      const rows = b.fake(b.op('MatMul', [x, transposed(b, 'w', [6, 4])]), -3, 3, type);
      const gate = b.fake(b.op('Sigmoid', [rows]), 0, 1, type);
      const turned = b.fake(b.op('Transpose', [rows], { perm: { ints: [0, 2, 1] } }), -3, 3, type);
      const scores = b.fake(b.op('MatMul', [rows, turned]), -12, 12, type);
      const weights = b.fake(b.op('Softmax', [scores], { axis: { int: -1 } }), 0, 1, type);
      const mixed = b.fake(b.op('MatMul', [weights, gate]), 0, 1, type);
      const both = b.fake(b.op('Concat', [mixed, rows], { axis: { int: 2 } }), -3, 3, type);
      const { graph, worst } = await judge(b.build(both, [1, 3, 4]));
      expect(isInteger(graph)).toBe(true);
      expect(worst).toBeLessThan((6 * 6) / 65535);
    },
  );

  it('resizes by cubic interpolation in int8 and int16', async () => {
    for (const type of ['int8', 'int16'] as const) {
      const b = new Qdq('');
      b.constants.push({ name: 'scales', type: 'float', dims: [4], data: Float32Array.of(1, 1, 2, 1.5) });
      const resized = b.op('Resize', [b.fake('x', -1, 1, type), '', 'scales'], { mode: { text: 'cubic' } });
      const { graph, worst } = await judge(b.build(b.fake(resized, -1, 1, type), [1, 3, 6, 6]));
      expect(graph.nodes.map((n) => n.op)).toEqual(['resizeFilter']);
      // Weights have ten bits behind the point.
      expect(worst).toBeLessThan(2 / steps[type] + 2 ** -8);
    }
  });

  it('computes in int16 where int8 and int16 meet', async () => {
    const b = new Qdq('');
    const x = b.fake('x', -1, 1, 'int8');
    const wide = b.fake(b.op('Conv', [x, b.weights('w', [4, 3, 3, 3])], same3), -4, 4, 'int16');
    const narrow = b.fake(b.op('Conv', [x, b.weights('v', [4, 3, 3, 3])], same3), -4, 4, 'int8');
    const sum = b.fake(b.op('Add', [wide, narrow]), -8, 8, 'uint8');
    const { graph, worst } = await judge(b.build(sum, [1, 3, 6, 6]));
    expect(isInteger(graph)).toBe(true);
    const types = graph.nodes.map((n) => `${n.op} ${graph.tensors[n.outputs[0]].dtype}`);
    expect(types).toContain('add int16');
    expect(types).toContain('conv2d int8');
    // One step of the int8 layer and one of the output, at most.
    expect(worst).toBeLessThan(8 / 255 + 16 / 255);
  });

  it('rounds 16-bit weights to 8 bits, and says so', async () => {
    const { graph, worst, largest } = await judge(network(new Qdq(''), 'int16', -6, 'int16'));
    expect(graph.notes?.join()).toContain('8 bits');
    expect(worst).toBeLessThan(0.02 * largest);
  });
});
