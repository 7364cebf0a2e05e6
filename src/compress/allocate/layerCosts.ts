// SPDX-License-Identifier: Apache-2.0
import type { Graph } from '../../model/graph.js';
import { constantBytes } from '../../ops/constantBytes.js';
import type { LowerContext } from '../../ops/op.js';
import { estimateNode } from '../../ops/variants/choose.js';
import { isWeighted } from '../../passes/affine.js';
import { specOf } from '../../plan/buffers.js';

/** What a layer takes at one level on the target. */
export interface LayerCost {
  /** All constants, in the layout of the target's kernel. */
  bytes: number;
  instructions: number;
  /** The target's cost table has no row for the kernel: the instructions are a rough figure. */
  rough: boolean;
  kernel: string;
  scratchBytes: number;
}

/** Of each weighted layer, in order. */
export function layerCosts(graph: Graph, target: LowerContext['target']): LayerCost[] {
  const context = { graph, rounding: 'single' as const, target };
  return graph.nodes
    .filter((n) => isWeighted(n))
    .map((node) => {
      const { call, instructions, rough } = estimateNode(specOf(node), node, context);
      return { bytes: constantBytes(call), instructions, rough, kernel: call.kernel, scratchBytes: call.scratchBytes };
    });
}
