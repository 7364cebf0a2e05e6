// SPDX-License-Identifier: Apache-2.0
// What other weights in one layer do to the answers, when all layers behind it are calibrated anew on what it then gives.
// Those are not rounded, only aimed (sequential.ts): much of the noise of an early layer is taken back by later ones, so
// measuring without that overrates it by up to 11 dB, and ranks mixed plans hardly better than chance (bench/compression.md).
import { type Graph, type Node, type TensorId, tensorBytes } from '../../model/graph.js';
import { matrixIndex } from '../../ops/weightMatrix.js';
import { covariances as plainCovariances } from '../covariances.js';
import { type Frontier, openFrontier, type Place, startOf } from '../frontier.js';
import { type JointMoments, jointMoments } from '../jointMoments.js';
import { layerWindows } from '../moments.js';
import type { FloatRunner, MakeRunner } from '../runner.js';
import { aimed, inputsOf, meanShift, setLayer } from '../sequential.js';

export interface ProbeInput {
  /** Float; every weighted layer has a bias. */
  graph: Graph;
  /** Its weighted layers, in order. */
  nodes: readonly Node[];
  /** Layers behind are calibrated on all of them: on a few, they would seem to take back more than they can. */
  samples: readonly (readonly Float32Array[])[];
  /** The answers are those to the first so many. */
  answered: number;
  makeRunner: MakeRunner;
  judged: readonly TensorId[];
}

export interface Probes {
  /** The judged values of the float model, sample by sample. */
  clean: Float64Array[];
  /** The same when a layer has other weights, given in the order of its tensor. Layers behind take back what they can
   *  unless they are to stay: pack rounds the layers of a model whose layers were split against that model. */
  answers(layer: number, weights: Float32Array, othersStay?: boolean): Float64Array[];
}

/** Less than rounding itself takes, for noise is wanted to a few tenths of a decibel only. */
const windowsFor = (columns: number): number => Math.max(1024, 4 * columns);

interface Layer {
  node: Node;
  place: Place;
  /** Of the float model's inputs. */
  moments: JointMoments;
  /** As a matrix, and the index there of each weight of the tensor. */
  weights: Float64Array;
  at: number[];
}

const columnsOf = (graph: Graph, node: Node): number => layerWindows(graph, node).columns;

const sameValues = (a: readonly Float32Array[], b: readonly Float32Array[]): boolean =>
  a.every((x, s) => x === b[s] || Buffer.compare(Buffer.from(x.buffer), Buffer.from(b[s].buffer)) === 0);

function concatenated(front: Frontier, ids: readonly TensorId[]): Float64Array[] {
  const parts = ids.map((id) => front.values(id));
  return parts[0].map((_, s) => Float64Array.from(parts.flatMap((p) => [...p[s]])));
}

/** What the places before the layers keep is held in memory: this much of it, by fewer samples where it is more. */
const mostBytes = 512 * 1024 * 1024;

function affordable(graph: Graph, count: number, least: number): number {
  const each = graph.nodes.reduce((sum, n) => n.outputs.reduce((t, id) => t + tensorBytes(graph.tensors[id]), sum), 0);
  return Math.min(count, Math.max(least, Math.floor(mostBytes / (2 * each))));
}

export async function openProbes(input: ProbeInput): Promise<Probes> {
  const { graph, nodes, answered, makeRunner, judged } = input;
  const samples = input.samples.slice(0, affordable(graph, input.samples.length, answered));
  const [cleanRunner, packed] = [await makeRunner(graph), await makeRunner(graph)];
  const covariances = packed.covariances ?? plainCovariances;
  const start = startOf(graph, samples);
  const front = openFrontier(graph, cleanRunner, start, judged);
  const layers = nodes.map((node): Layer => {
    const inputs = inputsOf(front, node);
    const { shape, data } = graph.tensors[node.inputs[1]];
    const of = matrixIndex(node.op, shape);
    const at = Array.from(data as Float32Array, (_, i) => of(i));
    const weights = new Float64Array(at.length);
    for (const [i, to] of at.entries()) weights[to] = (data as Float32Array)[i];
    const moments = jointMoments(
      graph,
      node,
      { clean: inputs, packed: inputs },
      windowsFor(columnsOf(graph, node)),
      covariances,
    );
    return { node, place: front.goTo(node), moments, weights, at };
  });
  front.goTo(undefined);
  const clean = concatenated(front, judged).slice(0, answered);
  const inputOf = ({ node, place }: Layer): Float32Array[] =>
    place.values.map((v) => v.get(node.inputs[0]) as Float32Array);
  return {
    clean,
    answers(layer, changed, othersStay = false) {
      const walk = openFrontier(graph, packed, start, judged);
      walk.resume(layers[layer].place);
      const touched = [layers[layer]];
      change(packed, graph, layers[layer], matrixOf(layers[layer], changed), layers[layer].moments);
      for (const later of othersStay ? [] : layers.slice(layer + 1)) {
        const seen = { clean: inputOf(later), packed: inputsOf(walk, later.node) };
        if (sameValues(seen.clean, seen.packed)) continue;
        const moments = jointMoments(graph, later.node, seen, windowsFor(later.moments.columns), covariances);
        change(packed, graph, later, aimed(later.weights, moments), moments);
        touched.push(later);
      }
      walk.goTo(undefined);
      const answers = concatenated(walk, judged).slice(0, answered);
      for (const l of touched) setLayer(packed, graph, l.node, tensorOf(l, l.weights), undefined);
      return answers;
    },
  };
}

const matrixOf = ({ at }: Layer, tensor: Float32Array): Float64Array => {
  const matrix = new Float64Array(tensor.length);
  for (let i = 0; i < tensor.length; i++) matrix[at[i]] = tensor[i];
  return matrix;
};

const tensorOf = ({ at }: Layer, matrix: Float64Array): Float32Array => {
  const tensor = new Float32Array(at.length);
  for (let i = 0; i < at.length; i++) tensor[i] = matrix[at[i]];
  return tensor;
};

function change(runner: FloatRunner, graph: Graph, layer: Layer, matrix: Float64Array, moments: JointMoments): void {
  setLayer(runner, graph, layer.node, tensorOf(layer, matrix), meanShift(layer.weights, matrix, moments));
}
