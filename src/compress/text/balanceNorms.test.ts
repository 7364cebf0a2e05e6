// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { readModel } from '../../model/readModel.js';
import { resetStates } from '../../model/state.js';
import { checkpointBytes, smallShape } from '../../model/testing/checkpoint.js';
import { evaluateGraph } from '../../ops/evaluateGraph.js';
import { canonicalize } from '../../passes/index.js';
import { balanceNorms } from './balanceNorms.js';
import { ownMoments } from './ownText.js';

it('balances every norm but the last, and the model computes the same', () => {
  const graph = canonicalize(readModel(checkpointBytes(smallShape, 9), 'small.bin'));
  const state = resetStates(graph);
  const runner = {
    reset: () => {
      for (const [id, data] of resetStates(graph)) state.set(id, data);
    },
    run: (inputs: Parameters<typeof evaluateGraph>[1], visit?: Parameters<typeof evaluateGraph>[2]['visit']) =>
      void evaluateGraph(graph, inputs, { rounding: 'single', state, ...(visit ? { visit } : {}) }),
  };
  const moments = ownMoments(graph, runner);
  const balanced = balanceNorms(graph, moments);
  const norms = graph.nodes.filter((n) => n.op === 'layerNorm');
  const changed = balanced.graph.nodes
    .filter((n) => n.op === 'layerNorm')
    .map((n, i) => n.inputs[1] !== norms[i].inputs[1]);
  expect(changed).toEqual([true, true, true, true, false]);
  const [before, after] = [resetStates(graph), resetStates(balanced.graph)];
  for (const token of [1, 5, 17, 33]) {
    const [a] = evaluateGraph(graph, [Int32Array.of(token)], { rounding: 'single', state: before });
    const [b] = evaluateGraph(balanced.graph, [Int32Array.of(token)], { rounding: 'single', state: after });
    a.forEach((v, i) => {
      expect(Math.abs(Number(v) - Number(b[i]))).toBeLessThan(1e-4);
    });
  }
  // A large and a small input come nearer to each other.
  const spread = (moment: Float64Array): number => {
    const n = Math.sqrt(moment.length);
    const squares = Array.from({ length: n }, (_, i) => moment[i * n + i]);
    return Math.max(...squares) / Math.min(...squares);
  };
  const [id] = norms[0].outputs;
  expect(spread(balanced.moments.get(id) as Float64Array)).toBeLessThan(spread(moments.get(id) as Float64Array));
});
