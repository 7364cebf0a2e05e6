// SPDX-License-Identifier: Apache-2.0
// What an error in each output channel of each layer costs at the network's output: measured, by adding noise to the
// channel's weights. It says which rows may share a coarse step, and how bits are best spread over layers.
import type { Graph, Node, TensorData, TensorId } from '../model/graph.js';
import { matrixIndex, weightRows } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import { xorshift32 } from '../xorshift.js';
import type { Moments } from './moments.js';
import { judgedOutputs } from './outputSnr.js';
import { rowError } from './round/descend.js';
import type { FloatRunner, MakeRunner } from './runner.js';

/** Noise as a share of the root mean square of a layer's weights: about what 3 bits a weight leave. */
const noiseShare = 0.15;
const probes = 8;

/** One draw on a few samples is a rough figure: of its distance to the layer's mean, half is believed (in logarithms), and no
 *  row counts as less than a hundredth of it. */
function softened(costs: Float64Array): Float64Array {
  const mean = Math.exp(costs.reduce((sum, c) => sum + Math.log(c + 1e-30), 0) / costs.length);
  return costs.map((c) => Math.sqrt(Math.max(c, mean / 100) * mean));
}

function outputsOf(graph: Graph, runner: FloatRunner, samples: readonly Float32Array[][]): Float64Array[] {
  const wanted = new Set(judgedOutputs(graph));
  return samples.flatMap((inputs) => {
    const found: Float64Array[] = [];
    runner.run(inputs, (id, data) => {
      if (wanted.has(id)) found.push(Float64Array.from(data));
    });
    return found;
  });
}

const distance = (a: readonly Float64Array[], b: readonly Float64Array[]): number =>
  a.reduce((sum, x, k) => x.reduce((s, v, i) => s + (v - b[k][i]) ** 2, sum), 0);

const withWeights = (graph: Graph, id: TensorId, data: Float32Array): Graph => ({
  ...graph,
  tensors: graph.tensors.map((t, i) => (i === id ? { ...t, data } : t)),
});

/** By the tensor id of each layer's output, one number for each of its output channels. */
export async function rowCosts(
  graph: Graph,
  samples: readonly TensorData[][],
  moments: ReadonlyMap<TensorId, Moments>,
  makeRunner: MakeRunner,
): Promise<Map<TensorId, Float64Array>> {
  const few = Array.from({ length: Math.min(probes, samples.length) }, (_, i) =>
    samples[Math.floor((i * samples.length) / Math.min(probes, samples.length))].map((d) =>
      Float32Array.from(d as ArrayLike<number>),
    ),
  );
  const runner = await makeRunner(graph);
  const clean = outputsOf(graph, runner, few);
  const perturbed = async (id: TensorId, data: Float32Array): Promise<Float64Array[]> => {
    if (!runner.setConstants) return outputsOf(graph, await makeRunner(withWeights(graph, id, data)), few);
    runner.setConstants(new Map([[id, { data }]]));
    return outputsOf(graph, runner, few);
  };
  const next = xorshift32(0x636f7374);
  const costs = new Map<TensorId, Float64Array>();
  for (const node of graph.nodes) {
    const own = moments.get(node.outputs[0]);
    if (!isWeighted(node) || !own) continue;
    const measured = await layerCosts({ graph, node, own, clean, perturbed, next });
    const data = Float32Array.from(graph.tensors[node.inputs[1]].data as Float32Array);
    runner.setConstants?.(new Map([[node.inputs[1], { data }]]));
    costs.set(node.outputs[0], softened(measured));
  }
  return costs;
}

interface Probe {
  graph: Graph;
  node: Node;
  own: Moments;
  clean: readonly Float64Array[];
  /** Outputs with other weights of a layer. */
  perturbed: (id: TensorId, data: Float32Array) => Promise<Float64Array[]>;
  next: () => number;
}

async function layerCosts({ graph, node, own, clean, perturbed, next }: Probe): Promise<Float64Array> {
  const { data, shape } = graph.tensors[node.inputs[1]];
  const weights = Float32Array.from(data as Float32Array);
  const rows = weightRows(node.op, shape);
  const columns = weights.length / rows;
  const at = matrixIndex(node.op, shape);
  const size = noiseShare * Math.sqrt(weights.reduce((sum, w) => sum + w * w, 0) / weights.length);
  const costs = new Float64Array(rows);
  if (size === 0) return costs.fill(1);
  for (let row = 0; row < rows; row++) {
    const errors = new Float64Array(columns);
    const noisy = weights.map((w, i) => {
      if (Math.floor(at(i) / columns) !== row) return w;
      const error = next() & 1 ? size : -size;
      errors[at(i) % columns] = error;
      return w + error;
    });
    const seen = rowError(own.matrices[Math.floor(row / own.rowsPerMatrix)], errors);
    costs[row] = seen > 0 ? distance(clean, await perturbed(node.inputs[1], noisy)) / seen : 0;
  }
  return costs;
}
