// SPDX-License-Identifier: Apache-2.0
// Judges what is read from an ONNX file by ONNX Runtime: all outputs, on random inputs.
import * as ort from 'onnxruntime-node';
import { evaluateGraph } from '../../ops/evaluateGraph.js';
import { canonicalize } from '../../passes/index.js';
import { relayout } from '../../passes/testing/graphBuilder.js';
import { findObstacles } from '../../support.js';
import { xorshift32 } from '../../xorshift.js';
import { elementCount, type Graph, type TensorData } from '../graph.js';
import { readOnnx } from '../onnx.js';
import { type TestGraph, writeOnnx } from './onnxWriter.js';

export interface Judged {
  graph: Graph;
  /** Largest distance of an output from ONNX Runtime's, relative to what is 1 or larger there. */
  worst: number;
}

const maskedAway = -1e30;

function distance(got: TensorData, wanted: ArrayLike<number | bigint>): number {
  let worst = got.length === wanted.length ? 0 : Number.POSITIVE_INFINITY;
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [Number(got[i]), Number(wanted[i])];
    const same = a === b || (a < maskedAway && b < maskedAway) || (Number.isNaN(a) && Number.isNaN(b));
    if (!same)
      worst = Math.max(
        worst,
        Number.isNaN(a - b) ? Number.POSITIVE_INFINITY : Math.abs(a - b) / Math.max(1, Math.abs(b)),
      );
  }
  return worst;
}

/** `given` are inputs that must not be random, by name. */
export async function againstOnnxRuntime(
  model: TestGraph,
  given: Readonly<Record<string, readonly number[]>> = {},
): Promise<Judged> {
  const bytes = writeOnnx(model);
  const graph = canonicalize(readOnnx(bytes, 'test'));
  const obstacle = findObstacles(graph).at(0);
  if (obstacle) throw new Error(`${obstacle.operator}: ${obstacle.reason}`);
  const next = xorshift32(7);
  const random = (count: number): number[] => Array.from({ length: count }, () => (next() >>> 8) / 2 ** 23 - 1);
  const numbers = model.inputs.map(({ name, dims }) => given[name] ?? random(elementCount((dims ?? []).map(Number))));
  const feeds = model.inputs.map(({ name, type, dims }, i): [string, ort.Tensor] => {
    const shape = (dims ?? []).map(Number);
    const values = numbers[i];
    if (type === 'int64') return [name, new ort.Tensor('int64', BigInt64Array.from(values, BigInt), shape)];
    if (type === 'int32') return [name, new ort.Tensor('int32', Int32Array.from(values), shape)];
    if (type === 'bool') return [name, new ort.Tensor('bool', Uint8Array.from(values), shape)];
    return [name, new ort.Tensor('float32', Float32Array.from(values), shape)];
  });
  const session = await ort.InferenceSession.create(bytes, { logSeverityLevel: 3 });
  const wanted = await session.run(Object.fromEntries(feeds));
  const inputs = graph.inputs.map((id) => {
    const i = model.inputs.findIndex(({ name }) => name === graph.tensors[id].name);
    const { dtype } = graph.tensors[id];
    const Data = dtype === 'float32' ? Float32Array : dtype === 'bool' ? Uint8Array : Int32Array;
    return relayout(graph, id, Data.from(numbers[i]), 'toGraph');
  });
  const got = evaluateGraph(graph, inputs, { rounding: 'single' });
  const distances = graph.outputs.map((id, i) =>
    distance(relayout(graph, id, got[i], 'toFile'), wanted[model.outputs[i].name].data as Float32Array),
  );
  return { graph, worst: Math.max(...distances) };
}
