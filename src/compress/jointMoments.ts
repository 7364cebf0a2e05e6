// SPDX-License-Identifier: Apache-2.0
// How the inputs that a layer of the packed model gets go with each other, and with those of the float model: means, and
// covariances around them, from windows of both models' inputs on the same samples.
import type { Graph, Node } from '../model/graph.js';
import { xorshift32 } from '../xorshift.js';
import type { Covariances, Gather } from './covariances.js';
import { type LayerWindows, layerWindows, type Moments } from './moments.js';

/** Of one layer: moments of the packed model's inputs, and how the float model's go with them. */
export interface JointMoments extends Moments {
  /** E[x], and cov(x, y) - cov(y, y), of each matrix. */
  cleanMeans: Float64Array[];
  differences: Float64Array[];
}

/** Inputs of one layer, sample by sample. */
export interface SeenInputs {
  clean: readonly Float32Array[];
  packed: readonly Float32Array[];
}

/** Where to look: [sample, position] of every window. Few positions of few samples are all taken. */
function placesOf(samples: number, positions: number, windows: number): [number, number][] {
  const count = Math.min(positions, Math.ceil(windows / samples));
  const next = xorshift32(0x73657175);
  return Array.from({ length: samples }, (_, s) =>
    Array.from({ length: count }, (_, i): [number, number] => [s, count === positions ? i : next() % positions]),
  ).flat();
}

function gatherOf(windows: LayerWindows, places: readonly [number, number][], samples: number): Gather {
  const { taps, depth, groups } = windows;
  const count = places.length;
  const starts = new Int32Array(taps * count);
  for (const [k, [, position]] of places.entries())
    for (let tap = 0; tap < taps; tap++) starts[tap * count + k] = windows.tapAt(position, tap);
  return { taps, depth, groups, perSample: count / samples, starts };
}

export function jointMoments(
  graph: Graph,
  node: Node,
  seen: SeenInputs,
  windows: number,
  covariances: Covariances,
): JointMoments {
  const layer = layerWindows(graph, node);
  const { rows, columns, groups, positions } = layer;
  const places = placesOf(seen.clean.length, positions, windows);
  const all = covariances(gatherOf(layer, places, seen.clean.length), seen.clean, seen.packed);
  return {
    columns,
    windows: places.length,
    rowsPerMatrix: rows / groups,
    means: all.map((a) => a.meanY),
    cleanMeans: all.map((a) => a.meanX),
    matrices: all.map((a) => a.yy),
    differences: all.map((a) => a.dy),
  };
}
