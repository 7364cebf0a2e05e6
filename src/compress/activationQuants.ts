// SPDX-License-Identifier: Apache-2.0
// One quantization per activation from calibrated ranges. Tensors that must share one (both ends of a pooling or a
// reshape, all parts of a concatenation) form a group with one range.
import { fail } from '../cli/errors.js';
import { type Graph, NO_TENSOR, type Node, type Quant, type TensorId } from '../model/graph.js';
import { GraphEditor } from '../passes/editor.js';
import { comparing, fixedQuantOf, isGlobal, passThrough } from '../passes/integerNodes.js';
import { type ActivationType, quantForRange } from '../passes/integerOperands.js';
import { isRecurrent, sharedStates } from '../passes/integerRecurrent.js';
import type { Range } from './range.js';

/** What int16 activations may pass their calibrated range by: a bit that rounding to 8-bit weights makes nothing of. */
const headroom = 2;

const sharing = new Set(['concat', 'minimum', 'maximum', 'where', ...comparing]);

export function activationQuants(
  graph: Graph,
  ranges: ReadonlyMap<TensorId, Range>,
  type: ActivationType = 'int8',
): Map<TensorId, Quant> {
  const editor = new GraphEditor(graph);
  const groups = new Groups();
  for (const node of graph.nodes) joinGroups(editor, node, groups);
  const extent = new Map<TensorId, Range>();
  for (const id of activations(graph)) {
    const range = widened(clippedRange(editor, id, ranges), type === 'int16');
    const root = groups.root(id);
    const old = extent.get(root);
    extent.set(root, old ? { min: Math.min(old.min, range.min), max: Math.max(old.max, range.max) } : range);
  }
  const quants = new Map([...extent].map(([root, { min, max }]) => [root, quantForRange(min, max, type)]));
  return new Map(activations(graph).map((id) => [id, quants.get(groups.root(id)) as Quant]));
}

const widened = ({ min, max }: Range, wider: boolean): Range =>
  wider ? { min: headroom * min, max: headroom * max } : { min, max };

function activations(graph: Graph): TensorId[] {
  const ids = new Set([...graph.inputs, ...graph.nodes.flatMap((node) => node.outputs)]);
  return [...ids].filter((id) => graph.tensors[id].dtype === 'float32');
}

function joinGroups(editor: GraphEditor, node: Node, groups: Groups): void {
  if (isRecurrent(node.op)) {
    for (const id of sharedStates(node)) if (!editor.constant(id)) groups.join(node.outputs[0], id);
    return;
  }
  const keeps =
    passThrough.has(node.op) || sharing.has(node.op) || (node.op === 'averagePool2d' && !isGlobal({ editor }, node));
  if (!keeps) return;
  const real = (id: TensorId): boolean => id !== NO_TENSOR && editor.tensor(id).dtype === 'float32';
  // A comparison has no real output: its inputs share a range among themselves.
  const [first, ...rest] = [...node.outputs, ...node.inputs].filter(real);
  for (const id of rest) {
    const producer = editor.producer(id);
    if (editor.constant(id) || (producer && fixedQuantOf(producer))) continue;
    groups.join(first, id);
  }
}

/** Range of one tensor: what a clamp right behind it lets through is all that matters of it. */
function clippedRange(editor: GraphEditor, id: TensorId, ranges: ReadonlyMap<TensorId, Range>): Range {
  const range = ranges.get(id);
  const { name } = editor.tensor(id);
  if (!range) return fail('quant.calibration', { reason: `it gives no range for '${name}'` });
  if (!(Number.isFinite(range.min) && Number.isFinite(range.max) && range.min <= range.max)) {
    fail('quant.calibration', { reason: `'${name}' becomes infinite or not a number` });
  }
  const reader = editor.soleConsumer(id);
  if (reader?.op === 'clamp') return clippedRange(editor, reader.outputs[0], ranges);
  if (reader?.op !== 'pad') return range;
  const value = Number(reader.attrs.value ?? 0);
  return Number.isFinite(value) ? { min: Math.min(range.min, value), max: Math.max(range.max, value) } : range;
}

/** Union-find over tensor ids. */
class Groups {
  private readonly parents = new Map<TensorId, TensorId>();

  root(id: TensorId): TensorId {
    let root = id;
    for (let up = this.parents.get(root); up !== undefined; up = this.parents.get(root)) root = up;
    for (let at = id; at !== root; ) {
      const next = this.parents.get(at) ?? root;
      this.parents.set(at, root);
      at = next;
    }
    return root;
  }

  join(a: TensorId, b: TensorId): void {
    const [rootA, rootB] = [this.root(a), this.root(b)];
    if (rootA !== rootB) this.parents.set(rootA, rootB);
  }
}
