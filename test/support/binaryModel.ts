// SPDX-License-Identifier: Apache-2.0
// A small binary network as an ONNX file, its signs written in the three ways that exporters have. All real numbers are
// multiples of small powers of two, so that every sum is exact in any order.

import { type TestConstant, type TestNode, writeOnnx } from '../../src/model/testing/onnxWriter.js';
import { randomValues } from '../../src/passes/testing/graphBuilder.js';

export const inputShape = [1, 3, 10, 8] as const;

const onGrid = (values: Float32Array, steps: number): Float32Array => values.map((v) => Math.round(v * steps) / steps);

/** Multiples of 1/16. */
export const binaryInput = (seed: number): Float32Array => onGrid(randomValues(seed, 3 * 10 * 8), 16);

class Writer {
  readonly nodes: TestNode[] = [];
  readonly constants: TestConstant[] = [];
  private seed = 1;

  random(count: number): Float32Array {
    return randomValues(this.seed++, count);
  }

  constant(name: string, dims: number[], data: Float32Array): string {
    this.constants.push({ name, type: 'float', dims, data });
    return name;
  }

  add(op: string, inputs: string[], attributes: TestNode['attributes'] = {}): string {
    const output = `${op.toLowerCase()}${this.nodes.length}`;
    this.nodes.push({ op, inputs, outputs: [output], name: output, attributes });
    return output;
  }

  conv(x: string, dims: number[], data: Float32Array, window: { strides: number; pads: number }): string {
    const w = this.constant(`w${this.nodes.length}`, dims, data);
    const { strides, pads } = window;
    const attributes = { strides: { ints: [strides, strides] }, pads: { ints: [pads, pads, pads, pads] } };
    return this.add('Conv', [x, w], attributes);
  }

  /** +-a, another a for each filter. */
  signs(filters: number, each: number): Float32Array {
    const signs = this.random(filters * each);
    return signs.map((v, i) => (v < 0 ? -1 : 1) * 2 ** -(Math.floor(i / each) % 3));
  }

  batchNorm(x: string, channels: number, mean: number): string {
    const n = this.nodes.length;
    const numbers = [
      this.random(channels),
      this.random(channels),
      this.random(channels).map((v) => v * mean),
      this.random(channels).map((v) => 1 + v / 2),
    ];
    return this.add('BatchNormalization', [x, ...numbers.map((v, i) => this.constant(`bn${n}_${i}`, [channels], v))]);
  }
}

/** conv, BN, Where; 3x3 of signs, BN, Sign; 1x1, BN, Larq's sign, a padding of ones; 3x3 stride 2, BN, Sign; dense. */
export function binaryModel(): Uint8Array {
  const m = new Writer();
  const number = (name: string, value: number): string => m.constant(name, [], Float32Array.of(value));
  const first = m.conv('x', [40, 3, 3, 3], onGrid(m.random(40 * 27), 8), { strides: 1, pads: 1 });
  const condition = m.add('GreaterOrEqual', [m.batchNorm(first, 40, 1), number('zero', 0)]);
  const a = m.add('Where', [condition, number('one', 1), number('less', -1)]);
  const b = m.add('Sign', [m.batchNorm(m.conv(a, [64, 40, 3, 3], m.signs(64, 360), { strides: 1, pads: 1 }), 64, 9)]);
  const c = m.batchNorm(m.conv(b, [64, 64, 1, 1], m.signs(64, 64), { strides: 1, pads: 0 }), 64, 4);
  const d = m.add('Sign', [m.add('Add', [m.add('Sign', [c]), number('tenth', 0.1)])]);
  m.constants.push({
    name: 'around',
    type: 'int64',
    dims: [8],
    data: BigInt64Array.from([0n, 0n, 1n, 1n, 0n, 0n, 1n, 1n]),
  });
  const padded = m.add('Pad', [d, 'around', 'one']);
  const e = m.batchNorm(m.conv(padded, [32, 64, 3, 3], m.signs(32, 576), { strides: 2, pads: 0 }), 32, 12);
  const flat = m.add('Flatten', [m.add('Sign', [e])]);
  const w = m.constant('dense', [10, 640], m.signs(10, 640));
  const y = m.add('Gemm', [flat, w, m.constant('bias', [10], onGrid(m.random(10), 8))], { transB: { int: 1 } });
  return writeOnnx({
    inputs: [{ name: 'x', dims: [...inputShape] }],
    outputs: [{ name: y, dims: [1, 10] }],
    nodes: m.nodes,
    constants: m.constants,
  });
}
