// SPDX-License-Identifier: Apache-2.0
// Whether a layer reads signs, and of what. ONNX's Sign is 0 at 0, which a bit cannot say. Where zeros are sure to come (behind
// a ReLU, or from sums of signs that cancel) the layer stays as it is; where nobody knows, a zero is taken for 1 and the
// model's notes say so.
import type { Node, TensorId } from '../model/graph.js';
import { binaryLayer, thresholds } from '../ops/binaryConv2d.js';
import { clampOf } from './activation.js';
import { realConstant } from './constants.js';
import type { GraphEditor } from './editor.js';

export interface SignRead {
  /** What the signs are taken of. */
  source: TensorId;
  /** The sign's name. */
  name: string;
  /** Zero gives -1. */
  strict: boolean;
  pads: number[];
  padValue: number;
}

const numbers = (value: unknown): number[] => (Array.isArray(value) ? value.map(Number) : [0, 0, 0, 0]);

export function signRead(editor: GraphEditor, node: Node): SignRead | undefined {
  let id = node.inputs[0];
  let pads = numbers(node.attrs.pads);
  let padValue = 0;
  let producer = editor.producer(id);
  if (node.op === 'conv2d' && producer?.op === 'pad') {
    const around = signPad(producer);
    if (!around || pads.some((p) => p !== 0)) return undefined;
    pads = around;
    padValue = Number(producer.attrs.value);
    id = producer.inputs[0];
    producer = editor.producer(id);
  }
  while (node.op === 'fullyConnected' && producer?.op === 'reshape') producer = editor.producer(producer.inputs[0]);
  if (producer?.op !== 'sign' || editor.tensor(producer.outputs[0]).dtype !== 'float32') return undefined;
  const sign = outermost(editor, producer);
  const zeros = sign.zero === 0 ? zerosOf(editor, sign.source) : 'none';
  if (zeros === 'certain') return undefined;
  if (zeros === 'unknown') addNote(editor, producer.name);
  return { source: sign.source, name: producer.name, strict: sign.zero < 0, pads, padValue };
}

/** Rows and columns of ones or minus ones: [top, left, bottom, right]. */
function signPad(node: Node): number[] | undefined {
  const { pads, value } = node.attrs;
  if (Math.abs(Number(value)) !== 1 || !Array.isArray(pads) || pads.length !== 4) return undefined;
  const [n, h, w, c] = (pads as unknown[]).map(numbers);
  return [...n, ...c].some((p) => p !== 0) || [...h, ...w].some((p) => p < 0) ? undefined : [h[0], w[0], h[1], w[1]];
}

interface Sign {
  source: TensorId;
  zero: number;
}

/** Larq writes sign(sign(x) + 0.1): the inner sign's zero takes the sign of what is added. */
function outermost(editor: GraphEditor, node: Node): Sign {
  const zero = Number(node.attrs.zero);
  const added = editor.producer(node.inputs[0]);
  if (
    added?.op !== 'add' ||
    clampOf(added.attrs.activation).min !== null ||
    clampOf(added.attrs.activation).max !== null
  )
    return { source: node.inputs[0], zero };
  for (const i of [0, 1]) {
    const inner = editor.producer(added.inputs[i]);
    const constant = realConstant(editor, added.inputs[1 - i]);
    const small = constant?.length === 1 && Math.abs(constant[0]) > 0 && Math.abs(constant[0]) < 1;
    if (inner?.op === 'sign' && Number(inner.attrs.zero) === 0 && small)
      return { source: inner.inputs[0], zero: Math.sign(constant[0]) };
  }
  return { source: node.inputs[0], zero };
}

/** Whether the values of a tensor may be exactly 0. */
function zerosOf(editor: GraphEditor, source: TensorId): 'none' | 'certain' | 'unknown' {
  let producer = editor.producer(source);
  while (producer?.op === 'reshape' || producer?.op === 'maxPool2d') producer = editor.producer(producer.inputs[0]);
  if (!producer) return 'unknown';
  const { min, max } = clampOf(producer.op === 'clamp' ? { ...producer.attrs } : producer.attrs.activation);
  if (min === 0 || max === 0) return 'certain';
  if (producer.op !== 'binaryConv2d') return 'unknown';
  const layer = binaryLayer(producer, editor.graph);
  const [some, none] = [false, true].map((strict) => thresholds(layer, strict).threshold);
  // Without zeros around the image, distances are even.
  const padded = layer.padValue === 0 && numbers(producer.attrs.pads).some((p) => p !== 0);
  const steps = (distance: number): number => (padded ? distance : Math.floor(distance / 2));
  return some.some((t, c) => steps(t) > steps(none[c])) ? 'certain' : 'none';
}

function addNote(editor: GraphEditor, name: string): void {
  const note = `'${name}' (Sign) is 0 at 0 in ONNX; as bits it is 1 there`;
  const notes = editor.graph.notes ?? [];
  if (!notes.includes(note)) editor.graph.notes = [...notes, note];
}
