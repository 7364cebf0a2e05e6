// SPDX-License-Identifier: Apache-2.0
// Fused activations: clamps in an attribute, and clamps after clamps.
import type { AttrValue, Clamp, Node } from '../model/graph.js';

/** Bounds in an attribute; a missing bound is null. */
export function clampOf(value: AttrValue): Clamp {
  const bounds = (typeof value === 'object' && value !== null ? value : {}) as {
    min?: number | null;
    max?: number | null;
  };
  return { min: bounds.min ?? null, max: bounds.max ?? null };
}

/** One clamp that does what `first` and then `second` do, also when their ranges do not meet. */
export function thenClamp(first: Clamp, second: Clamp): Clamp {
  const into = (v: number | null, otherwise: number | null): number | null => {
    if (v === null) return otherwise;
    const low = second.min === null ? v : Math.max(v, second.min);
    return second.max === null ? low : Math.min(low, second.max);
  };
  return { min: into(first.min, second.min), max: into(first.max, second.max) };
}

/** Whether the node clamps what it computed. */
export function hasActivation(node: Node): boolean {
  const { min, max } = clampOf(node.attrs.activation);
  return min !== null || max !== null;
}
