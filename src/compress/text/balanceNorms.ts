// SPDX-License-Identifier: Apache-2.0
// Inputs of a layer that are large make the errors of their column of weights cost more. The scale of the norm before the layers
// takes a part of that over (AWQ, arXiv:2306.00978): its elements are divided by the fourth root of the input's root mean
// square, the columns multiplied, and rounding then spreads its errors more evenly. The model computes the same.
import {
  addTensor,
  cloneGraph,
  type Graph,
  type Node,
  type Tensor,
  type TensorData,
  type TensorId,
  uses,
} from '../../model/graph.js';
import type { MomentsOf } from './ownText.js';

/** Of the input's root mean square. On stories260K, 0.25 keeps more than 0 and 0.5. */
const exponent = 0.25;

/** One factor for each input; their product is 1. Inputs that are always zero keep theirs. */
function factorsOf(moment: Float64Array): Float64Array {
  const n = Math.sqrt(moment.length);
  const logs = Float64Array.from({ length: n }, (_, i) => {
    const square = moment[i * n + i];
    return square > 0 ? (exponent / 2) * Math.log(square) : 0;
  });
  const mean = logs.reduce((a, b) => a + b, 0) / n;
  return logs.map((v) => Math.exp(v - mean));
}

const scaled = (data: TensorData, factorAt: (i: number) => number): Float32Array =>
  Float32Array.from(data as Float32Array, (v, i) => v * factorAt(i));

function divided(moment: Float64Array, factors: Float64Array): Float64Array {
  const n = factors.length;
  return moment.map((v, i) => v / (factors[Math.floor(i / n)] * factors[i % n]));
}

/** Every norm whose readers are layers with weights of their own alone. */
export function balanceNorms(source: Graph, moments: MomentsOf): { graph: Graph; moments: MomentsOf } {
  const graph = cloneGraph(source);
  const after = new Map(moments);
  const { consumers } = uses(graph);
  const readersOf = (id: TensorId): Node[] => consumers.get(id) ?? [];
  // A classifier that is the embedding too stays as it is.
  const shares = ({ data }: Tensor): number =>
    graph.tensors.filter((t) => t.data !== undefined && t.data === data).length;
  const isOwn = (n: Node): boolean => n.op === 'fullyConnected' && shares(graph.tensors[n.inputs[1]]) === 1;
  const replace = (node: Node, input: number, data: Float32Array): void => {
    node.inputs[input] = addTensor(graph, { ...graph.tensors[node.inputs[input]], data });
  };
  for (const norm of graph.nodes.filter((n) => n.op === 'layerNorm')) {
    const [output] = norm.outputs;
    const [moment, scale] = [moments.get(output), graph.tensors[norm.inputs[1]]?.data];
    const readers = readersOf(output);
    if (!moment || !scale || graph.outputs.includes(output) || !readers.every(isOwn)) continue;
    const factors = factorsOf(moment);
    replace(
      norm,
      1,
      scaled(scale, (i) => 1 / factors[i]),
    );
    for (const layer of readers) {
      const weights = graph.tensors[layer.inputs[1]].data as TensorData;
      replace(
        layer,
        1,
        scaled(weights, (i) => factors[i % factors.length]),
      );
    }
    after.set(output, divided(moment, factors));
  }
  return { graph, moments: after };
}
