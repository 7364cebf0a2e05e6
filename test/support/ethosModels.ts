// SPDX-License-Identifier: Apache-2.0
// The reference models as the built-in compiler takes them, and what TensorFlow Lite Micro answered for them.
import { readFileSync } from 'node:fs';
import type { Graph } from '../../src/model/graph.js';
import { readModel } from '../../src/model/readModel.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { canonicalize } from '../../src/passes/index.js';
import { goldenInputs } from './generator.js';
import { int8Models, sharedFile } from './shared.js';

export interface ReferenceModel {
  name: string;
  graph: Graph;
  /** Inputs and answers of the first `count` inferences. */
  cases(count: number): { input: Int8Array; answer: Int8Array }[];
}

export function referenceModel(name: string): ReferenceModel {
  const model = int8Models.find((m) => m.name === name);
  if (!model) throw new Error(`there is no model ${name}`);
  const graph = canonicalize(readModel(new Uint8Array(sharedFile(model.file)), model.file));
  const [input, output] = [graph.inputs[0], graph.outputs[0]].map((id) =>
    graph.tensors[id].shape.reduce((a, b) => a * b),
  );
  const golden = new Int8Array(readFileSync(new URL(`../oracle/goldens/${name}.bin`, import.meta.url)));
  return {
    name,
    graph,
    cases: (count) =>
      goldenInputs(input, count).map((data, k) => ({
        input: data,
        answer: golden.slice(k * output, (k + 1) * output),
      })),
  };
}

/** A graph without its last softmax, and that softmax. */
export function headOf(graph: Graph): { head: Graph; finish(logits: Int8Array): Int8Array } {
  const last = graph.nodes[graph.nodes.length - 1];
  if (last.op !== 'softmax') return { head: graph, finish: (answer) => answer };
  const tail = { ...graph, nodes: [last], inputs: [last.inputs[0]] };
  return {
    head: { ...graph, nodes: graph.nodes.slice(0, -1), outputs: [last.inputs[0]] },
    finish: (logits) => evaluateGraph(tail, [logits], { rounding: 'tflite' })[0] as Int8Array,
  };
}
