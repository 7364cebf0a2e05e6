// SPDX-License-Identifier: Apache-2.0
// The order in which entropy-coded constants will hold a layer's weights, whatever kernel it gets: the layer is lowered
// with digits of each weight's own index in the weights' place, and what comes out says where each has gone.
import { piecesOf, readPieces } from '../compress/code/pieces.js';
import { maxLanes } from '../compress/code/trellis.js';
import type { Graph, Node, Tensor, TensorId } from '../model/graph.js';
import type { LowerContext } from '../ops/op.js';
import { candidatesOf } from '../ops/variants/choose.js';
import { matrixIndex, weightRows } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import { specOf } from './buffers.js';
import { constantsOf } from './codedConstants.js';
import { orderNodes } from './orderNodes.js';
import { planGraph } from './planGraph.js';

/** Of each lane of each sequence with weights, the weight tensor's indices in stored order, -1 for zeros of the layout. */
export type StoredSequences = readonly Int32Array[];

/** By the names of layers; one whose weights are not stored one by one is left out. */
export type StoredOrder = (graph: Graph) => ReadonlyMap<string, StoredSequences>;

/** Digits are 1 to 7: kernels that grow their weights find room for 16 times as much. */
const digits = 7;

/** A sequence in one lowering. */
type Lowered = readonly { values: number[]; period: number }[];

function withWeights(graph: Graph, id: TensorId, weight: (i: number) => number): Graph {
  const tensors = [...graph.tensors];
  const tensor: Tensor = tensors[id];
  tensors[id] = { ...tensor, data: (tensor.data as Int8Array).map((_, i) => weight(i)) };
  return { ...graph, tensors };
}

/** All sequences of the layer's constants by the kernel that it will have. */
function lowered(graph: Graph, node: Node, kernel: string, context: Context): Lowered | undefined {
  const found = candidatesOf(specOf(node), node, { ...context, graph }).find((c) => c.call.kernel === kernel);
  return (
    found &&
    constantsOf(found.call).flatMap((array) => {
      const pieces = piecesOf(array);
      return readPieces(array.data, pieces).map((values, i) => ({ values, period: pieces[i].inner }));
    })
  );
}

/** The indices that the lowerings spell out at each element; undefined where they are none. */
function spelled(
  ones: readonly number[],
  passes: readonly (readonly number[])[],
  weights: number,
): Int32Array | undefined {
  const indices = new Int32Array(ones.length);
  for (let i = 0; i < ones.length; i++) {
    const zero = ones[i] === 0;
    let index = 0;
    for (const pass of [...passes].reverse()) {
      const digit = zero ? 0 : pass[i] / ones[i] - 1;
      if ((zero && pass[i] !== 0) || !(Number.isInteger(digit) && digit >= 0 && digit < digits)) return undefined;
      index = index * digits + digit;
    }
    if (index >= weights) return undefined;
    indices[i] = zero ? -1 : index;
  }
  return indices;
}

/** How often neighbours are of different rows: the fewer the better can errors be made up for. */
function changes(lanes: StoredSequences, rowOf: (index: number) => number): number {
  let count = 0;
  for (const lane of lanes) {
    const rows = [...lane].filter((i) => i >= 0).map(rowOf);
    for (let i = 1; i < rows.length; i++) if (rows[i] !== rows[i - 1]) count++;
  }
  return count;
}

/** A sequence in the lanes that keep rows together best, the fewest of them. */
function lanesOf(sequence: Int32Array, period: number, rowOf: (index: number) => number): Int32Array[] {
  const ways = Array.from({ length: maxLanes }, (_, mask) => {
    const lanes = new Map<number, number[]>();
    sequence.forEach((index, i) => {
      const lane = (i % period) & mask;
      const own = lanes.get(lane) ?? [];
      own.push(index);
      lanes.set(lane, own);
    });
    return [...lanes.values()].map((l) => Int32Array.from(l));
  });
  const worth = ways.map((way) => changes(way, rowOf) + way.length / (2 * maxLanes));
  return ways[worth.indexOf(Math.min(...worth))];
}

const isOnce = (sequences: StoredSequences): boolean => {
  const seen = sequences.flatMap((s) => [...s].filter((i) => i >= 0));
  return seen.length > 0 && new Set(seen).size === seen.length;
};

type Context = Omit<LowerContext, 'graph'>;

function sequencesOf(graph: Graph, node: Node, kernel: string, context: Context): StoredSequences | undefined {
  const [, id] = node.inputs;
  const weights = graph.tensors[id].data?.length ?? 0;
  const at = (weight: (i: number) => number): Lowered | undefined =>
    lowered(withWeights(graph, id, weight), node, kernel, context);
  const ones = at(() => 1);
  const passes = Array.from({ length: Math.ceil(Math.log(weights + 1) / Math.log(digits)) }, (_, d) =>
    at((i) => 1 + (Math.floor(i / digits ** d) % digits)),
  );
  if (!ones || !passes.every((p) => p !== undefined && p.length === ones.length)) return undefined;
  const place = matrixIndex(node.op, graph.tensors[id].shape);
  const columns = weights / weightRows(node.op, graph.tensors[id].shape);
  const rowOf = (i: number): number => Math.floor(place(i) / columns);
  const held = ones.flatMap(({ values, period }, s) => {
    const indices = spelled(
      values,
      passes.map((p) => p?.[s].values ?? []),
      weights,
    );
    // Weights with an index of 0 alone may be anything.
    return indices?.some((i) => i > 0) || weights === 1 ? lanesOf(indices ?? none, period, rowOf) : [];
  });
  return isOnce(held) ? held : undefined;
}

const none = new Int32Array();

/** For a target: weights that are int8 as they are. */
export const storedOrderFor =
  (context: Context): StoredOrder =>
  (source) => {
    const graph = orderNodes(source);
    const { steps } = planGraph(source, context);
    const kernelOf = new Map(steps.map((s) => [s.node.name, s.call.kernel]));
    return new Map(
      graph.nodes.flatMap((node) => {
        const weights = graph.tensors[node.inputs[1]];
        const kernel = kernelOf.get(node.name);
        if (!isWeighted(node) || !(weights?.data instanceof Int8Array) || weights.stored || !kernel) return [];
        const sequences = sequencesOf(graph, node, kernel, context);
        return sequences ? [[node.name, sequences] as const] : [];
      }),
    );
  };
