// SPDX-License-Identifier: Apache-2.0
// Texts in ONNX-ML models: numbers with names, mapped from one list to another; nothing else computes with them.
import * as ort from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { canonicalize } from '../passes/index.js';
import { findObstacles } from '../support.js';
import { readOnnx } from './onnx.js';
import {
  type TestAttribute,
  type TestConstant,
  type TestGraph,
  type TestNode,
  writeOnnx,
} from './testing/onnxWriter.js';

const ml = (op: string, inputs: string[], outputs: string[], attributes: Record<string, TestAttribute>): TestNode => ({
  op,
  domain: 'ai.onnx.ml',
  inputs,
  outputs,
  attributes,
});

/** x -> 'cat', 'dog' or 'bird', then `nodes`, which give y. */
const behindClassifier = (nodes: TestNode[], type: 'string' | 'int64' | 'float' | 'bool' = 'string'): TestGraph => ({
  domains: [{ domain: 'ai.onnx.ml', version: 3 }],
  inputs: [{ name: 'x', dims: [1, 3] }],
  outputs: [{ name: 'y', type }],
  constants: [{ name: 'cat', type: 'string', dims: [1], texts: ['cat'] }],
  nodes: [
    ml('LinearClassifier', ['x'], ['label', 'scores'], {
      coefficients: { floats: [1, 0, 0, 0, 1, 0, 0, 0, 1] },
      intercepts: { floats: [0, 0, 0] },
      classlabels_strings: { texts: ['cat', 'dog', 'bird'] },
    }),
    ...nodes,
  ],
});

async function same(model: TestGraph): Promise<unknown[]> {
  const bytes = writeOnnx(model);
  const graph = canonicalize(readOnnx(bytes, 'labels'));
  expect(findObstacles(graph)).toEqual([]);
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const all: unknown[] = [];
  for (const best of [0, 1, 2]) {
    const x = Float32Array.from([0, 1, 2], (i) => (i === best ? 1 : 0));
    const { y } = await session.run({ x: new ort.Tensor('float32', x, [1, 3]) });
    const wanted = Array.from(y.data as ArrayLike<unknown>, (v) => (typeof v === 'bigint' ? Number(v) : v));
    const [got] = evaluateGraph(graph, [x], { rounding: 'single' });
    const { labels } = graph.tensors[graph.outputs[0]];
    expect(Array.from(got as Int32Array, (v) => labels?.[v] ?? v)).toEqual(wanted);
    all.push(...wanted);
  }
  return all;
}

describe('texts in ONNX-ML models', () => {
  it('maps labels to other labels, numbers and rows', async () => {
    const keys = { keys_strings: { texts: ['dog', 'bird'] } };
    const toText = ml('LabelEncoder', ['label'], ['y'], { ...keys, values_strings: { texts: ['animal', 'sky'] } });
    expect(await same(behindClassifier([toText]))).toEqual(['_Unused', 'animal', 'sky']);
    const toInt = ml('LabelEncoder', ['label'], ['y'], { ...keys, values_int64s: { ints: [7, 9] } });
    expect(await same(behindClassifier([toInt], 'int64'))).toEqual([-1, 7, 9]);
    const toRow = ml('OneHotEncoder', ['label'], ['y'], {
      cats_strings: { texts: ['bird', 'cat'] },
      zeros: { int: 1 },
    });
    expect(await same(behindClassifier([toRow], 'float'))).toEqual([0, 1, 0, 0, 1, 0]);
  });

  it('keeps labels through what moves elements', async () => {
    const shape: TestConstant = { name: 'shape', type: 'int64', dims: [2], data: BigInt64Array.of(1n, 1n) };
    const model = behindClassifier([{ op: 'Reshape', inputs: ['label', 'shape'], outputs: ['y'] }]);
    expect(await same({ ...model, constants: [shape] })).toEqual(['cat', 'dog', 'bird']);
  });

  it('refuses to compute with them', () => {
    const refusals = (model: TestGraph): string[] =>
      findObstacles(readOnnx(writeOnnx(model), 'labels')).map((o) => `${o.operator}: ${o.reason}`);
    const equal = behindClassifier([{ op: 'Equal', inputs: ['label', 'cat'], outputs: ['y'] }], 'bool');
    expect(refusals({ ...equal, opset: 19 })).toEqual(['Equal: it computes with text']);
    const concat = behindClassifier([
      { op: 'Concat', inputs: ['label', 'cat'], outputs: ['y'], attributes: { axis: { int: 0 } } },
    ]);
    expect(refusals(concat)).toEqual(['Concat: it computes with text']);
    const words = ml('OneHotEncoder', ['x'], ['y'], { cats_strings: { texts: ['a'] } });
    expect(refusals(behindClassifier([words], 'float'))).toEqual([
      'ai.onnx.ml.OneHotEncoder: its categories are texts',
    ]);
  });

  it('refuses texts as inputs', () => {
    const model: TestGraph = {
      inputs: [{ name: 'word', type: 'string', dims: [1, 1] }],
      outputs: [{ name: 'y', type: 'string' }],
      nodes: [{ op: 'Identity', inputs: ['word'], outputs: ['y'] }],
    };
    expect(() => readOnnx(writeOnnx(model), 'labels')).toThrow(/'word' holds string values/);
  });
});
