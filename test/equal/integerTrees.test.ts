// SPDX-License-Identifier: Apache-2.0
// Trees in integers: the same class as the float model wherever its scores are further apart than the integers can say, and
// scores within the steps of the output.
import { expect, it } from 'vitest';
import { quantizeFromCalibration } from '../../src/compress/quantizeFromCalibration.js';
import type { Graph, TensorData } from '../../src/model/graph.js';
import { writeOnnx } from '../../src/model/testing/onnxWriter.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { importModel } from '../../src/packModel.js';
import { quantizeValues } from '../../src/passes/integerOperands.js';
import { randomOf, runSeed } from '../kernels/random.js';
import { treeClassifier, treeRegressor } from '../support/classicalModels.js';

const seed = runSeed();
const [models, rows] = [12, 60];

function integerOutputs(graph: Graph, x: Float32Array, type: 'int8' | 'int16'): TensorData[] {
  const { quant } = graph.tensors[graph.inputs[0]];
  if (!quant) throw new Error('the input is not quantized');
  return evaluateGraph(graph, [quantizeValues(x, quant, type)], { rounding: 'single' });
}

const realOf = (graph: Graph, output: number, data: TensorData): number[] => {
  const { quant } = graph.tensors[graph.outputs[output]];
  return Array.from(data as Float32Array, (v) => (quant ? quant.scales[0] * (v - quant.zeroPoints[0]) : v));
};

const samplesOf = (features: number, random: ReturnType<typeof randomOf>): Float32Array[] =>
  Array.from({ length: rows }, () => Float32Array.from({ length: features }, () => random.real(-1.2, 1.2)));

interface Counts {
  rows: number;
  same: number;
}

async function countSame(type: 'int8' | 'int16', make: typeof treeClassifier): Promise<Counts> {
  const counts = { rows: 0, same: 0 };
  for (let k = 0; k < models; k++) {
    const random = randomOf(seed * 100 + k);
    const { graph: source, features } = make(random);
    const graph = importModel(writeOnnx(source), 'trees.onnx');
    const samples = samplesOf(features, random);
    const made = await quantizeFromCalibration(
      graph,
      samples.map((x) => [x]),
      undefined,
      { activations: type },
    );
    expect(made.graph.nodes.some((n) => n.op === 'treeEnsemble')).toBe(true);
    for (const x of samplesOf(features, random)) {
      const [wanted, got] = [evaluateGraph(graph, [x], { rounding: 'single' }), integerOutputs(made.graph, x, type)];
      const [a, b] = [Array.from(wanted[0] as Float32Array), realOf(made.graph, 0, got[0])];
      const largest = a.reduce((m, v) => Math.max(m, Math.abs(v)), 1);
      counts.rows++;
      if (a.every((v, i) => Math.abs(v - b[i]) <= largest / 64)) counts.same++;
    }
  }
  return counts;
}

it.each([
  ['int8', 'classes', treeClassifier, 0.9],
  ['int16', 'classes', treeClassifier, 0.99],
  ['int8', 'sums', treeRegressor, 0.9],
  ['int16', 'sums', treeRegressor, 0.99],
] as const)(`trees in %s give the same %s (MOTE_SEED=${seed})`, async (type, _, make, share) => {
  const { rows: all, same } = await countSame(type, make);
  expect(same / all).toBeGreaterThan(share);
});
