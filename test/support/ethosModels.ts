// SPDX-License-Identifier: Apache-2.0
// The reference models as the built-in compiler takes them, and what TensorFlow Lite Micro answered for them.
import { readFileSync } from 'node:fs';
import { elementCount, type Graph } from '../../src/model/graph.js';
import { readModel } from '../../src/model/readModel.js';
import { canonicalize } from '../../src/passes/index.js';
import { goldenInputs } from './generator.js';
import { int8Models, sharedFile } from './shared.js';

/** Models of the NPU issue, all of which end in a softmax. */
export const npuModels = ['micro_speech', 'kws', 'ic', 'person_detect', 'vww'] as const;

const goldens = new URL('../oracle/goldens/', import.meta.url);

/** Half of the first 2 * this many samples around the middle are white noise, half runs of equal values. */
const middle = 25;
const mostCases = 20;

export interface ReferenceCase {
  input: Int8Array;
  /** TensorFlow Lite Micro's. */
  answer: Int8Array;
  /** Before the last softmax; undefined where a model has none. */
  logits: Int8Array | undefined;
}

function goldenLogits(name: string): (Int8Array | undefined)[] {
  const file = readFileSync(new URL('logits.json', goldens), 'utf8');
  const { models } = JSON.parse(file) as { models: Record<string, number[][] | undefined> };
  return models[name]?.map((row) => Int8Array.from(row)) ?? [];
}

/** Up to twenty inputs of `elements` with the answers to them. */
export function referenceCases(name: string, elements: number, count: number): ReferenceCase[] {
  const golden = new Int8Array(readFileSync(new URL(`${name}.bin`, goldens)));
  const inputs = goldenInputs(elements);
  const logits = goldenLogits(name);
  const size = golden.length / inputs.length;
  const first = middle - mostCases / 2;
  const from = middle - Math.ceil(count / 2);
  return Array.from({ length: count }, (_, i) => from + i).map((k) => ({
    input: inputs[k],
    answer: golden.slice(k * size, (k + 1) * size),
    logits: logits[k - first],
  }));
}

export interface ReferenceModel {
  name: string;
  graph: Graph;
  cases(count: number): ReferenceCase[];
}

export function referenceModel(name: string): ReferenceModel {
  const model = int8Models.find((m) => m.name === name);
  if (!model) throw new Error(`there is no model ${name}`);
  const graph = canonicalize(readModel(new Uint8Array(sharedFile(model.file)), model.file));
  const elements = elementCount(graph.tensors[graph.inputs[0]].shape);
  return { name, graph, cases: (count) => referenceCases(name, elements, count) };
}

/** A graph without its last softmax. */
export function headOf(graph: Graph): Graph {
  const last = graph.nodes[graph.nodes.length - 1];
  if (last.op !== 'softmax') return graph;
  return { ...graph, nodes: graph.nodes.slice(0, -1), outputs: [last.inputs[0]] };
}
