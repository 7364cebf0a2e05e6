// SPDX-License-Identifier: Apache-2.0
// Second moments of what the layers of a language model meet in texts that it writes itself, drawn at temperature 1: they need
// no data, and have the distribution that its perplexity is measured on. Several seeds, so that no one text decides.
import type { Graph, TensorData, TensorId } from '../../model/graph.js';
import { makeSampler } from '../../text/sampler.js';
import { beginToken, endToken } from '../../text/tokenizer.js';

/** Runs one step; state goes on until the next reset. `visit` sees every tensor as it is computed. */
export interface StepRunner {
  run(inputs: readonly TensorData[], visit?: (id: TensorId, data: TensorData) => void): void;
  reset(): void;
}

/** E[x x^T], columns x columns. */
export type MomentsOf = ReadonlyMap<TensorId, Float64Array>;

const texts = 32;
const tokensPerText = 200;

/** Adds x x^T to the upper triangle. */
function addOuter(matrix: Float64Array, x: Float32Array): void {
  const n = x.length;
  for (let i = 0; i < n; i++) for (let j = i; j < n; j++) matrix[i * n + j] += x[i] * x[j];
}

function finish(matrix: Float64Array, steps: number): void {
  const n = Math.sqrt(matrix.length);
  for (let i = 0; i < n; i++) {
    for (let j = i; j < n; j++) {
      matrix[i * n + j] /= steps;
      matrix[j * n + i] = matrix[i * n + j];
    }
  }
}

/** Moments of the inputs of fully connected layers, by the tensor. */
export function ownMoments(graph: Graph, runner: StepRunner): MomentsOf {
  const [output] = graph.outputs;
  const wanted = graph.nodes.filter((n) => n.op === 'fullyConnected').map((n) => n.inputs[0]);
  const moments = new Map(wanted.map((id) => [id, new Float64Array((graph.tensors[id].shape.at(-1) ?? 0) ** 2)]));
  const most = Math.min(tokensPerText, graph.text?.context ?? 1);
  let steps = 0;
  for (let text = 1; text <= texts; text++) {
    const sample = makeSampler(1, 0x5eed + text);
    let token = beginToken;
    runner.reset();
    for (let at = 0; at < most; at++) {
      let next = endToken;
      runner.run([Int32Array.of(token)], (id, data) => {
        const moment = moments.get(id);
        if (moment) addOuter(moment, data as Float32Array);
        if (id === output) next = sample(data as Float32Array);
      });
      steps++;
      if (next === beginToken || next === endToken) break;
      token = next;
    }
  }
  for (const moment of moments.values()) finish(moment, steps);
  return moments;
}
