// SPDX-License-Identifier: Apache-2.0
// What a whole integer model takes on a target, from the plan that pack makes of it.
import type { Graph, Node } from '../../model/graph.js';
import { estimateNode } from '../../ops/variants/choose.js';
import { specOf } from '../../plan/buffers.js';
import type { CodedMode } from '../../plan/codedConstants.js';
import { planGraph } from '../../plan/planGraph.js';
import { totalWeightBytes } from '../../plan/sharedConstants.js';
import { decodeInstructions, type TuneTarget } from './layerCosts.js';

/** Constants, arena and instructions: in the order and by the names of budgets. */
export interface Totals {
  flash: number;
  ram: number;
  cycles: number;
}

export function totalsOf(graph: Graph, target: TuneTarget, codedOf?: (node: Node) => CodedMode | undefined): Totals {
  const context = { rounding: 'single' as const, target };
  const plan = planGraph(graph, context, undefined, codedOf);
  const instructions = plan.steps.map(
    (s) =>
      (s.instructions ?? estimateNode(specOf(s.node), s.node, { ...context, graph }).instructions) +
      decodeInstructions(target, s.coded),
  );
  return {
    flash: totalWeightBytes(plan),
    ram: plan.arenaBytes,
    cycles: Math.round(instructions.reduce((a, b) => a + b, 0)),
  };
}
