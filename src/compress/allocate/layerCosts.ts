// SPDX-License-Identifier: Apache-2.0
// What layers take on a target: constants as they are stored, instructions, scratch.
import type { Target } from '../../generated/target.js';
import type { Graph, Node } from '../../model/graph.js';
import { constantBytes } from '../../ops/constantBytes.js';
import type { KernelCall, LowerContext } from '../../ops/op.js';
import { estimateNode } from '../../ops/variants/choose.js';
import { isWeighted } from '../../passes/affine.js';
import { specOf } from '../../plan/buffers.js';
import { type CodedConstants, type CodedMode, codeConstants } from '../../plan/codedConstants.js';
import { elementsOf, piecesOf } from '../code/pieces.js';
import { wholeName } from '../lowRank.js';

export type TuneTarget = LowerContext['target'] & Pick<Target, 'decode'>;

/** What a layer takes at one level on the target. */
export interface LayerCost {
  /** All constants, in the layout of the target's kernel, as they are stored. */
  bytes: number;
  instructions: number;
  /** The target's cost table has no row for a kernel: the instructions are a rough figure. */
  rough: boolean;
  kernel: string;
  /** What the layer needs of the arena while it runs, constants that it decodes for itself included. */
  scratchBytes: number;
  /** What it keeps of the arena all the time: constants that are decoded at the start. */
  startBytes: number;
  /** Of a layer that is one. */
  call?: KernelCall;
}

/** A target that was not measured: as the Cortex-M4. */
const likelyDecode = { perCall: 6300, perValue: 23 };

/** Instructions that decoding takes each time the layer runs. */
export function decodeInstructions({ decode = likelyDecode }: TuneTarget, coded: CodedConstants | undefined): number {
  if (coded?.mode !== 'stream') return 0;
  const values = coded.arrays.flatMap((a) => piecesOf(a.array)).reduce((sum, p) => sum + elementsOf(p), 0);
  return decode.perCall + decode.perValue * values;
}

function costOf(graph: Graph, node: Node, target: TuneTarget, mode: CodedMode | undefined): LayerCost {
  const { call, instructions, rough } = estimateNode(specOf(node), node, { graph, rounding: 'single', target });
  const coded = mode && codeConstants(call, mode);
  const decodedBytes = coded?.decodedBytes ?? 0;
  return {
    bytes: coded?.bytes.length ?? constantBytes(call),
    instructions: instructions + decodeInstructions(target, coded),
    rough,
    kernel: call.kernel,
    scratchBytes: call.scratchBytes + (mode === 'stream' ? decodedBytes : 0),
    startBytes: mode === 'start' ? decodedBytes : 0,
    call,
  };
}

/** Two halves of a layer, which run one after the other. */
const joined = ({ call: _a, ...a }: LayerCost, { call: _b, ...b }: LayerCost): LayerCost => ({
  bytes: a.bytes + b.bytes,
  instructions: a.instructions + b.instructions,
  rough: a.rough || b.rough,
  kernel: `${a.kernel} ${b.kernel}`,
  scratchBytes: Math.max(a.scratchBytes, b.scratchBytes),
  startBytes: a.startBytes + b.startBytes,
});

/** Of each weighted layer, by name; `codedOf` says how the constants of which are stored. */
export function layerCosts(
  graph: Graph,
  target: TuneTarget,
  codedOf: (layer: string) => CodedMode | undefined = () => undefined,
): Map<string, LayerCost> {
  const costs = new Map<string, LayerCost>();
  for (const node of graph.nodes.filter((n) => isWeighted(n))) {
    const name = wholeName(node.name);
    const own = costOf(graph, node, target, codedOf(name));
    const half = costs.get(name);
    costs.set(name, half ? joined(half, own) : own);
  }
  return costs;
}
