// SPDX-License-Identifier: Apache-2.0
// What a graph becomes for the KPU before its numbers are bits: layers that read and write maps in its RAM.
import type { Node } from '../../../model/graph.js';
import type { MapShape } from '../kpuMemory.js';

export type MapId = number;

/** A map in the KPU's RAM. `parts`: the maps that it is made of, one behind the other in its rows. */
export interface KpuMap {
  name: string;
  shape: MapShape;
  parts?: readonly MapId[];
}

/** From a sum to a uint8: q = of(v), or v + zero, where v is in steps of the output's scale, between min and max. */
export interface Curve {
  zero: number;
  min: number;
  max: number;
  /** Rising; the output as a real number, before it is rounded. */
  of?: (steps: number) => number;
}

export interface KpuLayer {
  name: string;
  source: MapId;
  target: MapId;
  depthwise: boolean;
  kernel: 1 | 3;
  /** [outputs, inputs or 1, kernel, kernel]. */
  weights: Uint8Array;
  weightZero: number;
  inputZero: number;
  /** Per output channel: steps of the output's scale that a unit of the sum is, and those that are added. */
  factors: Float64Array;
  offsets: Float64Array;
  curve: Curve;
  /** By its name in `pools`. */
  pool: string;
}

export interface KpuProgram {
  maps: KpuMap[];
  layers: KpuLayer[];
  /** For each layer the nodes that it computes, or that it copies a map for. */
  nodesOf: Node[][];
  inputs: MapId[];
  /** Each is written by a layer. */
  outputs: MapId[];
}
