// SPDX-License-Identifier: Apache-2.0
// Kernel calls for whole nodes and for bands of them, each made once: the search for a plan asks for the same many times.
import type { Graph, Node } from '../model/graph.js';
import type { LowerContext } from '../ops/op.js';
import { candidatesOf, type Estimated } from '../ops/variants/choose.js';
import { bandNode } from './bandNode.js';
import { specOf } from './buffers.js';
import type { Band } from './rows.js';

export interface BandLowering {
  graph: Graph;
  /** Every kernel that fits the node (or the band of it), the predicted fastest first. */
  candidates(node: Node, band?: Band): readonly Estimated[];
}

/** Bands of one shape have one call, wherever they lie. */
export const bandShape = (band: Band): string =>
  [band.rows, ...band.inputs.flatMap((r) => [r.rows, r.padTop, r.padBottom])].join();

export function bandLowering(graph: Graph, context: Omit<LowerContext, 'graph'>): BandLowering {
  const made = new Map<Node, Map<string, readonly Estimated[]>>();
  const make = (node: Node, band: Band | undefined): readonly Estimated[] => {
    const at = band ? bandNode(node, graph, band) : { node, graph };
    const inContext = { ...context, graph: at.graph };
    return candidatesOf(specOf(node), at.node, inContext).sort((a, b) => a.instructions - b.instructions);
  };
  return {
    graph,
    candidates(node, band) {
      const ofNode = made.get(node) ?? new Map<string, readonly Estimated[]>();
      made.set(node, ofNode);
      const key = band ? bandShape(band) : '';
      const known = ofNode.get(key) ?? make(node, band);
      ofNode.set(key, known);
      return known;
    },
  };
}
