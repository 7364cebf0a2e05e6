// SPDX-License-Identifier: Apache-2.0
// The arena that plans take, from what each layer needs while it runs and what it keeps.

import { chooseKernels } from '../../ops/variants/choose.js';
import { isWeighted } from '../../passes/affine.js';
import { specOf } from '../../plan/buffers.js';
import { orderNodes } from '../../plan/orderNodes.js';
import { layOut, planGraph } from '../../plan/planGraph.js';
import type { TuneTarget } from './layerCosts.js';
import type { LevelPlan } from './levelPlan.js';
import type { Workbench } from './workbench.js';

export type ArenaOf = (plan: LevelPlan) => number;

/** Of layers that stay one the calls are known already; only their places are found anew. */
export function openArenas(bench: Workbench, target: TuneTarget): ArenaOf {
  const context = { rounding: 'single' as const, target };
  const graph = orderNodes(bench.graphOf(bench.layers.map(() => 0)));
  const nodes = graph.nodes.filter((n) => !specOf(n).alias);
  const chosen = chooseKernels(
    nodes.map((node) => ({ spec: specOf(node), node })),
    { ...context, graph },
  );
  const indexOf = new Map(bench.layers.map(({ name }, i) => [name, i]));
  const known = new Map<string, number>();
  const whole = (plan: LevelPlan): number => {
    const segments = nodes.map((node, i) => {
      const layer = isWeighted(node) ? indexOf.get(node.name) : undefined;
      const cost = layer === undefined ? undefined : bench.costs[layer][plan[layer]];
      const call = cost?.call ?? chosen[i].call;
      return {
        node,
        instructions: undefined,
        call: { ...call, scratchBytes: cost?.scratchBytes ?? call.scratchBytes },
      };
    });
    return layOut(graph, segments).arenaBytes;
  };
  return (plan) => {
    const costs = plan.map((level, layer) => bench.costs[layer][level]);
    const key = costs.map((c) => `${c.kernel} ${c.scratchBytes}`).join();
    const isLow = costs.some((c) => !c.call);
    const bytes = known.get(key) ?? (isLow ? planGraph(bench.graphOf(plan), context).arenaBytes : whole(plan));
    known.set(key, bytes);
    return bytes + costs.reduce((sum, c) => sum + c.startBytes, 0);
  };
}

export interface Arenas {
  /** When all other layers take as little as they can: [layer][level]. */
  bytes: number[][];
  /** The plan of which all do. */
  least: LevelPlan;
}

export function arenas({ costs, offered }: Workbench, arenaOf: ArenaOf): Arenas {
  const need = (layer: number, level: number): number =>
    offered[layer][level]
      ? costs[layer][level].scratchBytes + costs[layer][level].startBytes
      : Number.POSITIVE_INFINITY;
  const least = costs.map((levels, layer) => levels.reduce((b, _, k) => (need(layer, k) < need(layer, b) ? k : b), 0));
  const bytes = costs.map((levels, layer) =>
    levels.map((_, level) =>
      offered[layer][level] ? arenaOf(least.map((l, i) => (i === layer ? level : l))) : Number.POSITIVE_INFINITY,
    ),
  );
  return { bytes, least };
}
