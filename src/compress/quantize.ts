// SPDX-License-Identifier: Apache-2.0
// A float graph becomes an integer graph: per-channel symmetric int8 weights; per-tensor asymmetric int8 activations and int32
// biases, or symmetric int16 activations and int64 biases; inputs and outputs of the graph likewise. Every node becomes integer, or the model is refused.
import { fail } from '../cli/errors.js';
import type { Graph, Node, TensorId } from '../model/graph.js';
import { opSpec } from '../ops/index.js';
import { GraphEditor } from '../passes/editor.js';
import { fuseActivation } from '../passes/fuseActivation.js';
import { hasIntegerRule, makeInteger } from '../passes/integerNodes.js';
import { type ActivationType, activationOf, type IntegerContext } from '../passes/integerOperands.js';
import type { Correct, RoundWeights } from '../passes/integerWeights.js';
import { removeDead } from '../passes/removeDead.js';
import { removeIdentity } from '../passes/removeIdentity.js';
import { activationQuants } from './activationQuants.js';
import { biasCorrection } from './biasCorrect.js';
import type { Range } from './range.js';

export interface QuantizeOptions {
  /** Mean of each activation per channel (see collectStatistics): corrects biases for the rounding of weights. */
  biasCorrection?: ReadonlyMap<TensorId, Float64Array>;
  /** Rounds weights to less than eight bits (roundWeights.ts). */
  round?: RoundWeights;
  /** Type of the activations; int8 unless given. */
  activations?: ActivationType;
}

export function quantizeGraph(
  source: Graph,
  ranges: ReadonlyMap<TensorId, Range>,
  options: QuantizeOptions = {},
): Graph {
  const activations = options.activations ?? 'int8';
  const most = activations === 'int8' ? 127 : 32_767;
  const quants = activationQuants(source, ranges, activations);
  const editor = new GraphEditor(source);
  const ctx: IntegerContext = {
    editor,
    activations,
    stateTwins: new Map(),
    twins: new Map(),
    wanted: (id) => quants.get(id),
    holds: (id, { scales: [scale] }) => {
      const range = ranges.get(id);
      return range !== undefined && range.min >= (-most - 1) * scale && range.max <= most * scale;
    },
    correct: corrector(source, options.biasCorrection),
    round: options.round,
  };
  for (const id of source.inputs) quantizeInput(ctx, id);
  for (const node of editor.list()) if (!makeInteger(ctx, node)) refuse(ctx, node);
  for (const id of source.outputs) replaceOutput(ctx, id);
  keepStates(ctx);
  const graph = removeDead(fuseActivation(removeIdentity(removeDead(editor.finish()))));
  requireKernels(graph);
  return { ...graph, source: { ...graph.source, quantized: true } };
}

function corrector(graph: Graph, means: ReadonlyMap<TensorId, Float64Array> | undefined): Correct | undefined {
  if (!means) return undefined;
  return (node, exact, rounded, shape) =>
    biasCorrection(graph, node, { exact, rounded, shape, means: means.get(node.inputs[0]) ?? new Float64Array(1) });
}

function quantizeInput(ctx: IntegerContext, id: TensorId): void {
  const tensor = ctx.editor.tensor(id);
  const quant = ctx.wanted(id);
  if (tensor.dtype !== 'float32' || !quant) {
    fail('model.unsupported', {
      node: tensor.name,
      op: 'input',
      reason: `only float32 inputs can be quantized, this one is ${tensor.dtype}`,
      change: 'export the model with float32 inputs',
    });
  }
  ctx.editor.setTensor(id, { dtype: activationOf(ctx), quant });
  ctx.twins.set(id, id);
}

/** State that layers keep is integer too. */
function keepStates({ editor, stateTwins }: IntegerContext): void {
  if (!editor.graph.states) return;
  editor.graph.states = editor.graph.states.map(({ read, write }) => ({
    read,
    write: stateTwins?.get(write) ?? write,
  }));
}

function replaceOutput({ editor, twins }: IntegerContext, id: TensorId): void {
  const twin = twins.get(id);
  if (twin !== undefined && twin !== id && editor.isOutput(id)) editor.replaceUses(id, twin);
}

function refuse(ctx: IntegerContext, node: Node): never {
  const { editor } = ctx;
  const { operator, reason: known, change } = node.attrs;
  if (node.op === 'unsupported') {
    fail('model.unsupported', { node: node.name, op: String(operator), reason: String(known), change: String(change) });
  }
  const reason = hasIntegerRule(node.op)
    ? 'its weights are computed at run time, or its values have no calibrated range'
    : `it has no ${activationOf(ctx)} form`;
  return fail('model.unsupported', {
    node: node.name || editor.tensor(node.outputs[0]).name,
    op: node.op,
    reason,
    change: 'replace the operator in the model, or pack it as float32',
  });
}

/** Integer-only is a promise: whatever no integer kernel can run is refused here, by name. */
function requireKernels(graph: Graph): void {
  for (const node of graph.nodes) {
    const problem = opSpec(node.op)?.unsupported?.(node, graph);
    if (problem) fail('model.unsupported', { node: node.name, op: node.op, ...problem });
  }
}
