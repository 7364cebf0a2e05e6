// SPDX-License-Identifier: Apache-2.0
// Symbols of a packed model: one prefix, one readable and unique stem per layer.
import type { Node } from '../model/graph.js';
import type { Plan } from '../plan/plan.js';
import { identifier } from './cText.js';

const stemLength = 28;

// What exporters put around the telling part: Keras `model/conv2d_3/Conv2D;model/…`, PyTorch `/stem/conv/Conv`.
const wrapper = /^(model|functional|sequential|main_graph|statefulpartitionedcall|partitionedcall)(_\d+)?$/i;
const operatorWord =
  /^(conv|conv2d|depthwise|depthwise_conv|relu|relu6|add|bias_?add|gemm|mat_?mul|max_?pool|avg_?pool|average_?pool|global_?average_?pool|softmax|reshape|flatten|mean|batch_?norm\w*|fused_?batch_?norm\w*)(_?\d+)?$/i;

/** The telling part of a node name, as a C identifier. */
function stemOf(node: Node): string {
  const first = node.name.split(';')[0];
  const parts = first.split(/[/:]/).filter((p) => /[A-Za-z]/.test(p) && !wrapper.test(p));
  // The operator's own word goes, numbered or not; words before it only where no number makes them telling (`conv1`).
  const ownWord = operatorWord.test(parts.at(-1) ?? '') ? 1 : 0;
  const rest = parts.slice(0, parts.length - ownWord);
  const last = rest.findLastIndex((p) => !operatorWord.test(p) || /\d/.test(p));
  const telling = last < 0 ? parts.slice(0, 1) : rest.slice(0, last + 1);
  const stem = identifier(telling.slice(-2).join('_') || node.op)
    .slice(0, stemLength)
    .replace(/_+$/, '');
  return stem || identifier(node.op);
}

interface Names {
  /** One unique C stem per step, without the model prefix. */
  layers: string[];
  /** Per step those of its streamed layers; none where it is a layer by itself. */
  stages: string[][];
}

export function namesOf(plan: Plan): Names {
  const seen = new Map<string, number>();
  const unique = (stem: string): string => {
    const count = seen.get(stem) ?? 0;
    seen.set(stem, count + 1);
    if (count === 0) return stem;
    const numbered = `${stem}_${count + 1}`;
    seen.set(numbered, 1);
    return numbered;
  };
  const names: Names = { layers: [], stages: [] };
  for (const { node, stream } of plan.steps) {
    const stages = (stream?.stages ?? []).map((stage) => unique(stemOf(stage.node)));
    names.stages.push(stages);
    names.layers.push(unique(stages.length ? `${stages[stages.length - 1]}_rows` : stemOf(node)));
  }
  return names;
}

/** One unique C stem per step, without the model prefix. */
export const layerNames = (plan: Plan): string[] => namesOf(plan).layers;

// Headers of C's library (C17, 7.1.2): a pack's own time.h, found by -I, would stand in for them.
const headers = new Set(
  (
    'assert complex ctype errno fenv float inttypes iso646 limits locale math setjmp signal stdalign stdarg stdatomic ' +
    'stdbool stddef stdint stdio stdlib stdnoreturn string tgmath threads time uchar wchar wctype'
  ).split(' '),
);

/** A name whose files or symbols (mote_run) are another's. */
export const isReserved = (name: string): boolean => headers.has(name) || /^mote(_|$)/.test(name);

/** A model name that can prefix C symbols and name files. */
export function modelName(text: string): string {
  const name = identifier(text.replace(/\.(tflite|onnx|bin)$/i, ''));
  return (isReserved(name) ? `model_${name}` : name).slice(0, 40).replace(/_+$/, '');
}
