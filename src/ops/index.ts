// SPDX-License-Identifier: Apache-2.0
// The operator table.
import { add } from './add.js';
import { averagePool2d } from './averagePool2d.js';
import { conv2d } from './conv2d.js';
import { depthwiseConv2d } from './depthwiseConv2d.js';
import { div } from './div.js';
import { fullyConnected } from './fullyConnected.js';
import { maximum } from './maximum.js';
import { maxPool2d } from './maxPool2d.js';
import { minimum } from './minimum.js';
import { mul } from './mul.js';
import type { OpSpec } from './op.js';
import { reshape } from './reshape.js';
import { softmax } from './softmax.js';
import { sub } from './sub.js';

const specs: readonly OpSpec[] = [
  add, averagePool2d, conv2d, depthwiseConv2d, div, fullyConnected, maximum, maxPool2d, minimum, mul, reshape, softmax, sub,
];

export const opSpecs: ReadonlyMap<string, OpSpec> = new Map(specs.map((spec) => [spec.op, spec]));

export function opSpec(op: string): OpSpec | undefined {
  return opSpecs.get(op);
}
