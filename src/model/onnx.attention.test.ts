// SPDX-License-Identifier: Apache-2.0
// Attention, rotary embedding and what ONNX Runtime's tools write of a transformer, against ONNX Runtime.
import { describe, expect, it } from 'vitest';
import { xorshift32 } from '../xorshift.js';
import { againstOnnxRuntime } from './testing/againstOnnxRuntime.js';
import { read } from './testing/onnxCases.js';
import type { TestAttribute, TestConstant, TestGraph, TestValue } from './testing/onnxWriter.js';

const next = xorshift32(77);
const constant = (name: string, ...dims: number[]): TestConstant => ({
  name,
  type: 'float',
  dims,
  data: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => (next() >>> 8) / 2 ** 23 - 1),
});
const bools = (name: string, dims: number[], at: (i: number) => boolean): TestConstant => ({
  name,
  type: 'bool',
  dims,
  data: Uint8Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) => Number(at(i))),
});
const port = (name: string, ...dims: number[]): TestValue => ({ name, type: 'float', dims });

interface Case {
  op: string;
  opset?: number;
  domain?: string;
  inputs: (TestValue | TestConstant | undefined)[];
  /** `undefined` is an output left out. */
  outputs: (TestValue | undefined)[];
  attributes?: Record<string, TestAttribute>;
}

const isConstant = (v: TestValue | TestConstant): v is TestConstant => 'data' in v;

function modelOf({ op, opset, domain, inputs, outputs, attributes }: Case): TestGraph {
  const given = inputs.filter((v) => v !== undefined);
  return {
    opset: opset ?? 23,
    ...(domain !== undefined && { domains: [{ domain, version: 1 }] }),
    inputs: given.filter((v): v is TestValue => !isConstant(v)),
    constants: given.filter(isConstant),
    outputs: outputs.filter((v) => v !== undefined),
    nodes: [
      {
        op,
        inputs: inputs.map((v) => v?.name ?? ''),
        outputs: outputs.map((v) => v?.name ?? ''),
        ...(domain !== undefined && { domain }),
        ...(attributes && { attributes }),
      },
    ],
  };
}

const int = (value: number): TestAttribute => ({ int: value });
const float = (value: number): TestAttribute => ({ float: value });
const nothing = undefined;

/** Query of 3 rows, keys of 5. */
const apart = [port('q', 1, 4, 3, 8), port('k', 1, 4, 5, 8), port('v', 1, 4, 5, 6)];
const flat = [port('q', 1, 3, 32), port('k', 1, 5, 16), port('v', 1, 5, 12)];
const heads = { q_num_heads: int(4), kv_num_heads: int(2) };
const past = [port('pk', 1, 2, 4, 8), port('pv', 1, 2, 4, 6)];

const own: [string, Case][] = [
  ['four dimensions', { op: 'Attention', inputs: apart, outputs: [port('y', 1, 4, 3, 6)] }],
  ['a scale', { op: 'Attention', inputs: apart, outputs: [port('y', 1, 4, 3, 6)], attributes: { scale: float(0.3) } }],
  [
    'shared keys, three dimensions',
    { op: 'Attention', inputs: flat, outputs: [port('y', 1, 3, 24)], attributes: heads },
  ],
  [
    'causal, softcap, a mask of numbers',
    {
      op: 'Attention',
      inputs: [...flat, constant('m', 3, 5)],
      outputs: [port('y', 1, 3, 24)],
      attributes: { ...heads, is_causal: int(1), softcap: float(0.7) },
    },
  ],
  [
    'a computed mask of numbers, per head',
    {
      op: 'Attention',
      inputs: [...flat, port('m', 1, 4, 3, 5)],
      outputs: [port('y', 1, 3, 24)],
      attributes: heads,
    },
  ],
  [
    'a constant mask of bools',
    {
      op: 'Attention',
      inputs: [...flat, bools('m', [3, 5], (i) => i % 3 !== 1)],
      outputs: [port('y', 1, 3, 24)],
      attributes: heads,
    },
  ],
  [
    'keys and values of before',
    {
      op: 'Attention',
      inputs: [...flat, nothing, ...past],
      outputs: [port('y', 1, 3, 24), port('nk', 1, 2, 9, 8), port('nv', 1, 2, 9, 6)],
      attributes: heads,
    },
  ],
  [
    'keys and values of before, causal, with a mask',
    {
      op: 'Attention',
      inputs: [...flat, constant('m', 3, 9), ...past],
      outputs: [port('y', 1, 3, 24), port('nk', 1, 2, 9, 8), port('nv', 1, 2, 9, 6)],
      attributes: { ...heads, is_causal: int(1) },
    },
  ],
  ...[0, 1, 2, 3].map((mode): [string, Case] => [
    `its scores in mode ${mode}`,
    {
      op: 'Attention',
      inputs: [...flat, constant('m', 3, 5)],
      outputs: [port('y', 1, 3, 24), nothing, nothing, port('s', 1, 4, 3, 5)],
      attributes: { ...heads, is_causal: int(1), softcap: float(0.9), qk_matmul_output_mode: int(mode) },
    },
  ]),
];

const angles = [port('c', 1, 3, 4), port('s', 1, 3, 4)];
const tables = [constant('c', 10, 4), constant('s', 10, 4)];
const positions: TestValue = { name: 'p', type: 'int64', dims: [1, 3] };
const rotary: [string, Case][] = [
  [
    'four dimensions',
    { op: 'RotaryEmbedding', inputs: [port('x', 1, 2, 3, 8), ...angles], outputs: [port('y', 1, 2, 3, 8)] },
  ],
  [
    'neighbours, three dimensions',
    {
      op: 'RotaryEmbedding',
      inputs: [port('x', 1, 3, 16), ...angles],
      outputs: [port('y', 1, 3, 16)],
      attributes: { interleaved: int(1), num_heads: int(2) },
    },
  ],
  [
    'by positions, a part of each head',
    {
      op: 'RotaryEmbedding',
      inputs: [port('x', 1, 3, 24), ...tables, positions],
      outputs: [port('y', 1, 3, 24)],
      attributes: { num_heads: int(2), rotary_embedding_dim: int(8) },
    },
  ],
  [
    'by positions, neighbours of a part',
    {
      op: 'RotaryEmbedding',
      inputs: [port('x', 1, 2, 3, 12), ...tables, positions],
      outputs: [port('y', 1, 2, 3, 12)],
      attributes: { interleaved: int(1), rotary_embedding_dim: int(8), num_heads: int(2) },
    },
  ],
];

const wide = [port('q', 1, 3, 16), port('k', 1, 5, 16), port('v', 1, 5, 12)];
const two = { num_heads: int(2) };
const kept: TestValue = { name: 'mask', type: 'int32', dims: [1, 5] };
const grouped = [port('q', 1, 4, 64), port('k', 1, 4, 32), port('v', 1, 4, 32)];
const counts = (last: number, total: number): TestConstant[] => [
  { name: 'last', type: 'int32', dims: [1], data: Int32Array.of(last) },
  { name: 'total', type: 'int32', dims: [], data: Int32Array.of(total) },
];
const groups = { num_heads: int(4), kv_num_heads: int(2) };
const caches = (length: number): TestValue[] => [port('nk', 1, 2, length, 16), port('nv', 1, 2, length, 16)];
const microsoft: [string, Omit<Case, 'domain'>][] = [
  ['MultiHeadAttention', { op: 'MultiHeadAttention', inputs: wide, outputs: [port('y', 1, 3, 12)], attributes: two }],
  [
    'MultiHeadAttention with biases and padding',
    {
      op: 'MultiHeadAttention',
      inputs: [...wide, constant('b', 44), kept, port('bias', 1, 2, 3, 5)],
      outputs: [port('y', 1, 3, 12)],
      attributes: { ...two, scale: float(0.4) },
    },
  ],
  [
    'MultiHeadAttention, causal',
    {
      op: 'MultiHeadAttention',
      inputs: [port('q', 1, 5, 16), port('k', 1, 5, 16), port('v', 1, 5, 12)],
      outputs: [port('y', 1, 5, 12)],
      attributes: { ...two, unidirectional: int(1) },
    },
  ],
  [
    'MultiHeadAttention with a past',
    {
      op: 'MultiHeadAttention',
      inputs: [
        port('q', 1, 2, 16),
        port('k', 1, 2, 16),
        port('v', 1, 2, 16),
        nothing,
        nothing,
        nothing,
        port('pk', 1, 2, 3, 8),
        port('pv', 1, 2, 3, 8),
      ],
      outputs: [port('y', 1, 2, 16), port('nk', 1, 2, 5, 8), port('nv', 1, 2, 5, 8)],
      attributes: two,
    },
  ],
  [
    'Attention',
    {
      op: 'Attention',
      inputs: [port('x', 1, 5, 16), constant('w', 16, 48), constant('b', 48), { ...kept }],
      outputs: [port('y', 1, 5, 16)],
      attributes: { ...two, unidirectional: int(1) },
    },
  ],
  [
    'GroupQueryAttention',
    {
      op: 'GroupQueryAttention',
      inputs: [...grouped, nothing, nothing, ...counts(3, 4)],
      outputs: [port('y', 1, 4, 64), ...caches(4)],
      attributes: groups,
    },
  ],
  [
    'GroupQueryAttention, turned, with a window and a softcap',
    {
      op: 'GroupQueryAttention',
      inputs: [...grouped, nothing, nothing, ...counts(3, 4), constant('c', 12, 8), constant('s', 12, 8)],
      outputs: [port('y', 1, 4, 64), ...caches(4)],
      attributes: { ...groups, do_rotary: int(1), local_window_size: int(2), softcap: float(2) },
    },
  ],
  [
    'GroupQueryAttention with a past',
    {
      op: 'GroupQueryAttention',
      inputs: [
        port('q', 1, 1, 64),
        port('k', 1, 1, 32),
        port('v', 1, 1, 32),
        port('pk', 1, 2, 5, 16),
        port('pv', 1, 2, 5, 16),
        ...counts(5, 6),
        constant('c', 12, 8),
        constant('s', 12, 8),
      ],
      outputs: [port('y', 1, 1, 64), ...caches(6)],
      attributes: { ...groups, do_rotary: int(1), rotary_interleaved: int(1) },
    },
  ],
  [
    'RotaryEmbedding from a position on',
    {
      op: 'RotaryEmbedding',
      inputs: [
        port('x', 1, 3, 16),
        { name: 'first', type: 'int64', dims: [1], data: BigInt64Array.of(2n) },
        constant('c', 10, 4),
        constant('s', 10, 4),
      ],
      outputs: [port('y', 1, 3, 16)],
    },
  ],
  [
    'SkipLayerNormalization',
    {
      op: 'SkipLayerNormalization',
      inputs: [port('x', 1, 3, 16), port('skip', 1, 3, 16), constant('g', 16), constant('b', 16), constant('bias', 16)],
      outputs: [port('y', 1, 3, 16), nothing, nothing, port('sum', 1, 3, 16)],
      attributes: { epsilon: float(1e-5) },
    },
  ],
  [
    'SkipSimplifiedLayerNormalization',
    {
      op: 'SkipSimplifiedLayerNormalization',
      inputs: [port('x', 1, 3, 16), port('skip', 1, 3, 16), constant('g', 16)],
      outputs: [port('y', 1, 3, 16), nothing, nothing, port('sum', 1, 3, 16)],
    },
  ],
  [
    'FusedMatMul of two tensors',
    {
      op: 'FusedMatMul',
      inputs: [port('a', 2, 5, 3), port('b', 2, 4, 5)],
      outputs: [port('y', 2, 3, 4)],
      attributes: { alpha: float(0.5), transA: int(1), transB: int(1) },
    },
  ],
  [
    'FusedMatMul with a constant',
    {
      op: 'FusedMatMul',
      inputs: [port('a', 1, 3, 5), constant('b', 4, 5)],
      outputs: [port('y', 1, 3, 4)],
      attributes: { transB: int(1) },
    },
  ],
  ['Gelu', { op: 'Gelu', inputs: [port('x', 2, 7)], outputs: [port('y', 2, 7)] }],
  ['BiasGelu', { op: 'BiasGelu', inputs: [port('x', 2, 7), constant('b', 7)], outputs: [port('y', 2, 7)] }],
  ['FastGelu', { op: 'FastGelu', inputs: [port('x', 2, 7), constant('b', 7)], outputs: [port('y', 2, 7)] }],
  ['QuickGelu', { op: 'QuickGelu', inputs: [port('x', 2, 7)], outputs: [port('y', 2, 7)] }],
];

const given = { p: [7, 0, 3], mask: [1, 1, 0, 1, 0] };

async function check(c: Case): Promise<void> {
  const { worst } = await againstOnnxRuntime(modelOf(c), given);
  expect(worst).toBeLessThan(1e-5);
}

describe('attention equals ONNX Runtime', () => {
  it.each(own)('%s', async (_, c) => check(c));
  it('with a computed mask of bools', async () => {
    const model = modelOf({ op: 'Attention', inputs: [...flat], outputs: [port('y', 1, 3, 24)], attributes: heads });
    model.inputs.push({ name: 'allowed', type: 'bool', dims: [3, 5] });
    model.nodes[0].inputs.push('allowed');
    const { worst } = await againstOnnxRuntime(model, { allowed: [1, 0, 1, 1, 0, 0, 1, 0, 0, 0, 1, 1, 1, 1, 0] });
    expect(worst).toBeLessThan(1e-5);
  });
});

describe('rotary embedding equals ONNX Runtime', () => {
  it.each(rotary)('%s', async (_, c) => check(c));
});

describe('operators of com.microsoft equal ONNX Runtime', () => {
  it.each(microsoft)('%s', async (_, c) => check({ ...c, opset: 20, domain: 'com.microsoft' }));
});

it('RMSNormalization equals ONNX Runtime', () =>
  check({
    op: 'RMSNormalization',
    inputs: [port('x', 1, 3, 16), constant('g', 16)],
    outputs: [port('y', 1, 3, 16)],
    attributes: { epsilon: float(1e-4) },
  }));

describe('what attention cannot be', () => {
  const reasonOf = (c: Case): unknown => read(modelOf(c)).nodes.find((n) => n.op === 'unsupported')?.attrs.reason;
  it('names a past of unknown length', () => {
    const last: TestValue = { name: 'last', type: 'int32', dims: [1] };
    const inputs = [
      port('q', 1, 1, 64),
      port('k', 1, 1, 32),
      port('v', 1, 1, 32),
      port('pk', 1, 2, 5, 16),
      port('pv', 1, 2, 5, 16),
      last,
    ];
    expect(
      reasonOf({
        op: 'GroupQueryAttention',
        domain: 'com.microsoft',
        inputs,
        outputs: [port('y', 1, 1, 64)],
        attributes: groups,
      }),
    ).toBe('how many keys of its past count is computed');
  });
  it('names a mask for other keys', () => {
    expect(
      reasonOf({
        op: 'Attention',
        inputs: [...flat, constant('m', 3, 4)],
        outputs: [port('y', 1, 3, 24)],
        attributes: heads,
      }),
    ).toBe('its mask [3,4] is not for 5 keys');
  });
  it('asks for heads of rows, whatever the ranks are', () => {
    const inputs = [port('q', 1, 2, 3, 8), port('k', 4), port('v', 1, 2, 5, 8), constant('m', 3, 5)];
    expect(() => reasonOf({ op: 'Attention', inputs, outputs: [port('y', 1, 2, 3, 8)] })).toThrow(
      'queries [1,2,3,8] and keys [4] are not heads of rows',
    );
  });
});
