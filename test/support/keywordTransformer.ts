// SPDX-License-Identifier: Apache-2.0
// A keyword transformer (Berg et al., arXiv 2104.00769: patches of a spectrogram, a class token, encoder layers) in ONNX, with
// random weights, written as PyTorch's exporters write it. `torchscript`: the old one, opset 14, one matrix for query, key and
// value, norms and GELU in single operators, shapes computed. `dynamo`: the new one with local functions
// (onnxscript's torch_lib), opset 18, a causal mask, the class token last.

import {
  type TestAttribute,
  type TestConstant,
  type TestFunction,
  type TestNode,
  writeOnnx,
} from '../../src/model/testing/onnxWriter.js';
import { xorshift32 } from '../../src/xorshift.js';

export const exporters = ['torchscript', 'dynamo'] as const;
export type Exporter = (typeof exporters)[number];

export interface TransformerSizes {
  mels: number;
  frames: number;
  /** Frames of a patch, which has all mels. */
  patch: number;
  width: number;
  heads: number;
  hidden: number;
  layers: number;
  classes: number;
}

export const transformerSizes: TransformerSizes = {
  mels: 20,
  frames: 48,
  patch: 2,
  width: 64,
  heads: 2,
  hidden: 128,
  layers: 2,
  classes: 12,
};

const library = 'pkg.onnxscript.torch_lib';

class Net {
  readonly nodes: TestNode[] = [];
  readonly constants: TestConstant[] = [];
  private readonly next = xorshift32(2104);

  node(op: string, inputs: string[], attributes: Record<string, TestAttribute> = {}, domain?: string): string {
    const name = `${op}_${this.nodes.length}`;
    this.nodes.push({
      op,
      inputs,
      outputs: [name],
      name: `/${name}`,
      attributes,
      ...(domain !== undefined && { domain }),
    });
    return name;
  }

  /** Random numbers of this size around `centre`. */
  weights(dims: number[], size: number, centre = 0): string {
    const count = dims.reduce((a, b) => a * b, 1);
    const uniform = (): number => (this.next() >>> 8) / 2 ** 24 - 0.5;
    return this.real(
      dims,
      Float32Array.from({ length: count }, () => centre + size * (uniform() + uniform() + uniform()) * 2),
    );
  }

  real(dims: number[], data: Float32Array): string {
    const name = `onnx::w_${this.constants.length}`;
    this.constants.push({ name, type: 'float', dims, data });
    return name;
  }

  number = (value: number): string => this.real([], Float32Array.of(value));

  ints(...values: number[]): string {
    const name = `onnx::i_${this.constants.length}`;
    this.constants.push({ name, type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) });
    return name;
  }

  index(value: number): string {
    const name = this.ints(value);
    this.constants[this.constants.length - 1].dims = [];
    return name;
  }
}

const ints = (...values: number[]): TestAttribute => ({ ints: values });
const int = (value: number): TestAttribute => ({ int: value });

/** x W + b as MatMul and Add. */
function linear(net: Net, x: string, rows: number, columns: number): string {
  const product = net.node('MatMul', [x, net.weights([rows, columns], 1 / Math.sqrt(rows))]);
  return net.node('Add', [net.weights([columns], 0.1), product]);
}

/** Patches [1, tokens, width] of the spectrogram x [1, 1, mels, frames], flattened by a shape that is computed. */
function patches(net: Net, { mels, patch, width }: TransformerSizes): string {
  const weights = net.weights([width, 1, mels, patch], 1.5 / Math.sqrt(mels * patch));
  const attributes = { kernel_shape: ints(mels, patch), strides: ints(mels, patch) };
  const image = net.node('Conv', ['x', weights, net.weights([width], 0.1)], attributes);
  const front = net.node('Slice', [net.node('Shape', [image]), net.ints(0), net.ints(2), net.ints(0)]);
  const flat = net.node('Reshape', [image, net.node('Concat', [front, net.ints(-1)], { axis: int(0) })]);
  return net.node('Transpose', [flat], { perm: ints(0, 2, 1) });
}

/** The class token, expanded to the batch as torch writes `expand`, beside the patches; then positions. */
function tokens(net: Net, sizes: TransformerSizes, x: string, last: boolean): string {
  const { width, frames, patch } = sizes;
  const batch = net.node('Unsqueeze', [net.node('Gather', [net.node('Shape', [x]), net.index(0)]), net.ints(0)]);
  const asked = net.node('Concat', [batch, net.ints(-1), net.ints(-1)], { axis: int(0) });
  const one = { name: '', type: 'int64' as const, dims: [1], data: BigInt64Array.of(1n) };
  const ones = net.node('ConstantOfShape', [net.ints(3)], { value: { tensor: one } });
  const minus = net.node('Equal', [asked, net.node('Mul', [ones, net.ints(-1)])]);
  const shape = net.node('Where', [minus, ones, asked]);
  const token = net.node('Expand', [net.weights([1, 1, width], 0.5), shape]);
  const all = net.node('Concat', last ? [x, token] : [token, x], { axis: int(1) });
  return net.node('Add', [all, net.weights([1, frames / patch + 1, width], 0.5)]);
}

interface Writer {
  norm(net: Net, x: string, width: number): string;
  gelu(net: Net, x: string): string;
  /** What the heads attend to, side by side again. */
  attention(net: Net, x: string, sizes: TransformerSizes): string;
}

const torchscript: Writer = {
  norm(net, x, width) {
    const axes = { axes: ints(-1), keepdims: int(1) };
    const centred = net.node('Sub', [x, net.node('ReduceMean', [x], axes)]);
    const square = net.node('Pow', [centred, net.number(2)]);
    const safe = net.node('Add', [net.node('ReduceMean', [square], axes), net.number(1e-5)]);
    const y = net.node('Div', [centred, net.node('Sqrt', [safe])]);
    const scaled = net.node('Mul', [y, net.weights([width], 0.2, 1)]);
    return net.node('Add', [scaled, net.weights([width], 0.2)]);
  },
  gelu(net, x) {
    const erf = net.node('Erf', [net.node('Div', [x, net.number(Math.SQRT2)])]);
    return net.node('Mul', [net.node('Mul', [x, net.node('Add', [erf, net.number(1)])]), net.number(0.5)]);
  },
  attention(net, x, { width, heads }) {
    const size = width / heads;
    const shape = net.node('Shape', [x]);
    const dims = [0, 1].map((d) => net.node('Unsqueeze', [net.node('Gather', [shape, net.index(d)]), net.ints(0)]));
    const parts = net.node('Concat', [...dims, net.ints(3), net.ints(heads), net.ints(size)], { axis: int(0) });
    const all = net.node('Reshape', [linear(net, x, width, 3 * width), parts]);
    const sides = net.node('Transpose', [all], { perm: ints(2, 0, 3, 1, 4) });
    const [q, k, v] = [0, 1, 2].map((i) => net.node('Gather', [sides, net.index(i)], { axis: int(0) }));
    const turned = net.node('Transpose', [k], { perm: ints(0, 1, 3, 2) });
    const scores = net.node('Mul', [net.node('MatMul', [q, turned]), net.number(1 / Math.sqrt(size))]);
    const shares = net.node('Softmax', [scores], { axis: int(-1) });
    const rows = net.node('Transpose', [net.node('MatMul', [shares, v])], { perm: ints(0, 2, 1, 3) });
    return net.node('Reshape', [rows, net.node('Concat', [...dims, net.ints(width)], { axis: int(0) })]);
  },
};

const dynamo: Writer = {
  norm: (net, x, width) =>
    net.node(
      'aten_layer_norm',
      [x, net.weights([width], 0.2, 1), net.weights([width], 0.2)],
      { eps: { float: 1e-5 } },
      library,
    ),
  gelu: (net, x) => net.node('_aten_gelu_approximate_none', [x], {}, library),
  attention(net, x, { width, heads, frames, patch }) {
    const rows = frames / patch + 1;
    const split = (): string => {
      const shape = net.ints(1, rows, heads, width / heads);
      return net.node('Transpose', [net.node('Reshape', [linear(net, x, width, width), shape])], {
        perm: ints(0, 2, 1, 3),
      });
    };
    const [q, k, v] = [split(), split(), split()];
    const mask = net.node('_causal_attention_mask', [q, k], {}, library);
    const y = net.node('_aten_scaled_dot_product_attention_float_mask_onnx', [q, k, v, mask], {}, library);
    const joined = net.node('Transpose', [y], { perm: ints(0, 2, 1, 3) });
    return net.node('Reshape', [joined, net.ints(1, rows, width)]);
  },
};

/** A body in which each line is `output = op(inputs)`. */
function body(
  name: string,
  inputs: string[],
  lines: [string, string, string[], Record<string, TestAttribute>?][],
  of = library,
): TestFunction {
  const own = (op: string): boolean => op.startsWith('_');
  return {
    name,
    domain: of,
    inputs,
    outputs: [lines.at(-1)?.[0] ?? ''],
    nodes: lines.map(([output, op, given, attributes]) => ({
      op,
      inputs: given,
      outputs: op === 'Dropout' ? [output, `${output}_mask`] : [output],
      attributes: attributes ?? {},
      ...(own(op) && { domain: library }),
    })),
  };
}

const numbers = (...values: number[]): Record<string, TestAttribute> => ({
  value: { tensor: { name: '', type: 'int64', dims: [values.length], data: BigInt64Array.from(values, BigInt) } },
});
const real = (value: number): Record<string, TestAttribute> => ({ value_float: { float: value } });

const functions: TestFunction[] = [
  {
    ...body(
      'aten_layer_norm',
      ['x', 'weight', 'bias'],
      [
        [
          'y',
          'LayerNormalization',
          ['x', 'weight', 'bias'],
          { axis: int(-1), epsilon: { reference: 'eps', type: 'float' } },
        ],
      ],
    ),
    defaults: { eps: { float: 1e-5 } },
  },
  body(
    '_aten_gelu_approximate_none',
    ['x'],
    [
      ['two', 'Constant', [], real(2)],
      ['root', 'Sqrt', ['two']],
      ['inner', 'Div', ['x', 'root']],
      ['erf', 'Erf', ['inner']],
      ['one', 'Constant', [], real(1)],
      ['sum', 'Add', ['erf', 'one']],
      ['half', 'Constant', [], real(0.5)],
      ['scaled', 'Mul', ['half', 'x']],
      ['y', 'Mul', ['scaled', 'sum']],
    ],
  ),
  body(
    '_attention_scale',
    ['query'],
    [
      ['shape', 'Shape', ['query']],
      ['minus', 'Constant', [], numbers(-1)],
      ['last', 'Gather', ['shape', 'minus']],
      ['size', 'CastLike', ['last', 'query']],
      ['one', 'Constant', [], real(1)],
      ['root', 'Sqrt', ['size']],
      ['scale', 'Div', ['one', 'root']],
    ],
  ),
  body(
    '_causal_attention_mask',
    ['query', 'key'],
    [
      ['q_shape', 'Shape', ['query'], { start: int(-2), end: int(-1) }],
      ['k_shape', 'Shape', ['key'], { start: int(-2), end: int(-1) }],
      ['size', 'Concat', ['q_shape', 'k_shape'], { axis: int(0) }],
      ['one', 'Constant', [], real(1)],
      ['ones', 'Expand', ['one', 'size']],
      ['lower', 'Trilu', ['ones'], { upper: int(0) }],
      ['zero', 'Constant', [], real(0)],
      ['outside', 'Equal', ['lower', 'zero']],
      ['low', 'Constant', [], real(Number.NEGATIVE_INFINITY)],
      ['mask', 'Where', ['outside', 'low', 'zero']],
    ],
  ),
  body(
    '_aten_scaled_dot_product_attention_float_mask_onnx',
    ['query', 'key', 'value', 'mask'],
    [
      ['scale', '_attention_scale', ['query']],
      ['root', 'Sqrt', ['scale']],
      ['q', 'Mul', ['query', 'root']],
      ['shape', 'Shape', ['key']],
      ['m1', 'Constant', [], numbers(-1)],
      ['m2', 'Constant', [], numbers(-2)],
      ['zero', 'Constant', [], numbers(0)],
      ['end', 'Constant', [], numbers(2 ** 53)],
      ['last', 'Slice', ['shape', 'm1', 'end']],
      ['second', 'Slice', ['shape', 'm2', 'm1']],
      ['first', 'Slice', ['shape', 'zero', 'm2']],
      ['squeezed_shape', 'Concat', ['m1', 'second', 'last'], { axis: int(0) }],
      ['squeezed', 'Reshape', ['key', 'squeezed_shape']],
      ['turned', 'Transpose', ['squeezed'], { perm: ints(0, 2, 1) }],
      ['k_shape', 'Concat', ['first', 'last', 'second'], { axis: int(0) }],
      ['k', 'Reshape', ['turned', 'k_shape']],
      ['root_like', 'CastLike', ['root', 'k']],
      ['k_scaled', 'Mul', ['k', 'root_like']],
      ['products', 'MatMul', ['q', 'k_scaled']],
      ['scores', 'Add', ['products', 'mask']],
      ['shares', 'Softmax', ['scores'], { axis: int(-1) }],
      ['ratio', 'Constant', [], real(0)],
      ['dropped', 'Dropout', ['shares', 'ratio']],
      ['y', 'MatMul', ['dropped', 'value']],
    ],
  ),
];

export function keywordTransformer(exporter: Exporter, sizes: TransformerSizes = transformerSizes): Uint8Array {
  const { mels, frames, width, hidden, layers, classes } = sizes;
  const net = new Net();
  const last = exporter === 'dynamo';
  const writer = last ? dynamo : torchscript;
  let x = tokens(net, sizes, patches(net, sizes), last);
  for (let layer = 0; layer < layers; layer++) {
    const attended = linear(net, writer.attention(net, writer.norm(net, x, width), sizes), width, width);
    x = net.node('Add', [x, attended]);
    const wide = writer.gelu(net, linear(net, writer.norm(net, x, width), width, hidden));
    x = net.node('Add', [x, linear(net, wide, hidden, width)]);
  }
  const token = net.node('Gather', [writer.norm(net, x, width), net.index(last ? -1 : 0)], { axis: int(1) });
  const weights = [net.weights([classes, width], 1 / Math.sqrt(width)), net.weights([classes], 0.1)];
  net.nodes.push({ op: 'Gemm', inputs: [token, ...weights], outputs: ['logits'], attributes: { transB: int(1) } });
  return writeOnnx({
    opset: last ? 18 : 14,
    inputs: [{ name: 'x', type: 'float', dims: [1, 1, mels, frames] }],
    outputs: [{ name: 'logits', type: 'float', dims: [1, classes] }],
    nodes: net.nodes,
    constants: net.constants,
    ...(last && { functions, domains: [{ domain: library, version: 1 }] }),
  });
}

/** Spectrograms, one after the other: slow waves and noise. */
export function spectrograms(count: number, { mels, frames }: TransformerSizes = transformerSizes): Float32Array {
  const next = xorshift32(4);
  const data = new Float32Array(count * mels * frames);
  for (let s = 0; s < count; s++) {
    const [a, b, phase] = [0, 1, 2].map(() => (next() >>> 8) / 2 ** 24);
    for (let i = 0; i < mels * frames; i++) {
      const [mel, frame] = [Math.floor(i / frames), i % frames];
      const wave = Math.sin(6 * phase + mel * (0.2 + a) + frame * (0.1 + b));
      data[s * mels * frames + i] = wave + ((next() >>> 8) / 2 ** 24 - 0.5);
    }
  }
  return data;
}
