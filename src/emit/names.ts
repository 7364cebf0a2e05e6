// SPDX-License-Identifier: Apache-2.0
// Symbols of a packed model: one prefix, one readable and unique stem per layer.
import type { Plan, Step } from '../plan/plan.js';
import { identifier } from './cText.js';

const stemLength = 28;

// What exporters put around the telling part: Keras `model/conv2d_3/Conv2D;model/…`, PyTorch `/stem/conv/Conv`.
const wrapper = /^(model|functional|sequential|main_graph|statefulpartitionedcall|partitionedcall)(_\d+)?$/i;
const operatorWord =
  /^(conv|conv2d|depthwise|depthwise_conv|relu|relu6|add|bias_?add|gemm|mat_?mul|max_?pool|avg_?pool|average_?pool|global_?average_?pool|softmax|reshape|flatten|mean|batch_?norm\w*|fused_?batch_?norm\w*)(_?\d+)?$/i;

/** The telling part of a node name, as a C identifier. */
function stemOf(step: Step): string {
  const first = step.node.name.split(';')[0];
  const parts = first.split(/[/:]/).filter((p) => /[A-Za-z]/.test(p) && !wrapper.test(p));
  // The operator's own word goes, numbered or not; words before it only where no number makes them telling (`conv1`).
  const ownWord = operatorWord.test(parts.at(-1) ?? '') ? 1 : 0;
  const rest = parts.slice(0, parts.length - ownWord);
  const last = rest.findLastIndex((p) => !operatorWord.test(p) || /\d/.test(p));
  const telling = last < 0 ? parts.slice(0, 1) : rest.slice(0, last + 1);
  const stem = identifier(telling.slice(-2).join('_') || step.node.op)
    .slice(0, stemLength)
    .replace(/_+$/, '');
  return stem || identifier(step.node.op);
}

/** One unique C stem per step, without the model prefix. */
export function layerNames(plan: Plan): string[] {
  const seen = new Map<string, number>();
  return plan.steps.map((step) => {
    const stem = stemOf(step);
    const count = seen.get(stem) ?? 0;
    seen.set(stem, count + 1);
    if (count === 0) return stem;
    const numbered = `${stem}_${count + 1}`;
    seen.set(numbered, 1);
    return numbered;
  });
}

/** A model name that can prefix C symbols and name files. */
export function modelName(text: string): string {
  return identifier(text.replace(/\.(tflite|onnx)$/i, ''))
    .slice(0, 40)
    .replace(/_+$/, '');
}
