// SPDX-License-Identifier: Apache-2.0
// Fused activations: enum ActivationFunctionType of the TFLite schema.
import type { Clamp } from '../graph.js';
import { refuse } from '../refusal.js';
import type { TfliteNode } from './node.js';

const clamps: readonly (Clamp | undefined)[] = [
  undefined, // NONE
  { min: 0, max: null }, // RELU
  { min: -1, max: 1 }, // RELU_N1_TO_1
  { min: 0, max: 6 }, // RELU6
];
const others: Readonly<Record<number, string>> = { 4: 'TANH', 5: 'SIGN_BIT' };

export function activationOf(node: TfliteNode, code: number): Clamp | undefined {
  if (code >= 0 && code < clamps.length) return clamps[code];
  const name = others[code] ?? node.broken(`activation ${code} is unknown`);
  return refuse(`it has the fused activation ${name}`, 'make the activation a layer of its own');
}
