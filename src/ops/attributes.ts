// SPDX-License-Identifier: Apache-2.0
// Reading a node's attributes and tensors, which come from files and may hold anything.
import { fail } from '../cli/errors.js';
import type { Clamp, Graph, Node, Tensor, TensorData } from '../model/graph.js';
import { inputOf } from './op.js';

/** Window sizes, strides and pads above this are no model's; it also bounds every loop over a window. */
export const maxWindow = 65_535;

export function badShape(node: Node, reason: string): never {
  return fail('model.shape', { node: node.name, op: node.op, reason });
}

export interface Range {
  min: number;
  max: number;
}

/** A list of integers, all within a range; `length` elements where it is given. */
export function intList(node: Node, key: string, range: Range, length?: number): number[] {
  const value = node.attrs[key];
  const isInt = (v: unknown): v is number =>
    Number.isInteger(v) && (v as number) >= range.min && (v as number) <= range.max;
  if (!Array.isArray(value) || !value.every(isInt) || (length !== undefined && value.length !== length)) {
    const count = length === undefined ? 'a list of' : `${length}`;
    badShape(node, `'${key}' must be ${count} integers from ${range.min} to ${range.max}`);
  }
  return value as number[];
}

export function int(node: Node, key: string, range: Range): number {
  const value = node.attrs[key];
  if (!Number.isInteger(value) || (value as number) < range.min || (value as number) > range.max) {
    badShape(node, `'${key}' must be an integer from ${range.min} to ${range.max}`);
  }
  return value as number;
}

export function finiteNumber(node: Node, key: string, fallback?: number): number {
  const value = node.attrs[key] ?? fallback;
  if (typeof value !== 'number' || !Number.isFinite(value)) badShape(node, `'${key}' must be a finite number`);
  return value;
}

/** An axis in [0, rank): negative ones count from the end. */
export function axisOf(node: Node, value: unknown, rank: number): number {
  if (!Number.isInteger(value) || (value as number) < -rank || (value as number) >= rank) {
    badShape(node, `axis ${String(value)} does not exist in ${rank} dimensions`);
  }
  return (value as number) < 0 ? (value as number) + rank : (value as number);
}

const isBound = (v: unknown): v is number | null => v === null || (typeof v === 'number' && !Number.isNaN(v));

/** The fused activation; no bounds where there is none. */
export function clampAttr(node: Node): Clamp {
  const value = node.attrs.activation;
  if (value === undefined || value === null) return { min: null, max: null };
  const { min, max } = value as unknown as { min?: unknown; max?: unknown };
  return checkedClamp(node, min ?? null, max ?? null);
}

export function checkedClamp(node: Node, min: unknown, max: unknown): Clamp {
  if (!isBound(min) || !isBound(max) || (min !== null && max !== null && min > max)) {
    badShape(node, 'the activation must have numbers min and max with min <= max');
  }
  return { min, max };
}

/** Input i, which must have this many dimensions, batch 1 first. */
export function image(node: Node, graph: Graph): Tensor {
  const x = inputOf(node, graph, 0);
  if (x.shape.length !== 4) badShape(node, `the input has ${x.shape.length} dimensions, not 4`);
  if (x.shape[0] !== 1) badShape(node, `the batch size is ${x.shape[0]}, not 1`);
  return x;
}

/** Data that evaluate was given for input i. */
export function given(
  node: Node,
  inputs: readonly (TensorData | undefined)[],
  i: number,
): Exclude<TensorData, BigInt64Array> {
  const data = inputs[i];
  if (data === undefined || data instanceof BigInt64Array) throw new Error(`${node.name}: no data for input ${i}`);
  return data;
}

/** The node's one output tensor, or its input where it has none yet. */
export function outputOf(node: Node, graph: Graph): Tensor {
  return graph.tensors[node.outputs[0]] ?? inputOf(node, graph, 0);
}
