// SPDX-License-Identifier: Apache-2.0
// treeEnsemble of int8 and int16 features: thresholds become integers by which exactly the same of the features' integers go
// each way (a category the integer that it is rounded to), leaves int32 on one grid; what they aggregate to is rescaled to
// the output.
import type { Node, Tensor, TensorData } from '../model/graph.js';
import { makeData } from '../model/graph.js';
import { kernelCall } from './kernels.js';
import type { KernelCall, Rounding } from './op.js';
import { limitsOf, quantizeValue, scaleOf } from './quantized.js';
import { clampTo, type Multiplier, quantizeMultiplier, requantize, roundingCode } from './requantize.js';
import { constant, type Reason } from './weighted.js';

export interface TreeTables {
  x: Tensor;
  nodes: Int16Array;
  values: Float32Array;
  roots: Int32Array;
  rows: number;
  features: number;
  targets: number;
  /** 0: sum, 1: average, 2: minimum, 3: maximum. */
  aggregate: number;
}

const featureMask = 4095;
/** Comparisons of the float kernel: 0 is at most, 1 below, 2 equal; the integer one has the first and the last. */
const [below, equal] = [1, 2];
/** The head of a leaf that another one follows. */
const followed = -2;
/** A threshold that no feature reaches. */
const never = -(2 ** 20);
/** Sums of leaves stay below 2^30. */
const sumBits = 30;

export function integerTreesObstacle(node: Node, { x, nodes, values }: TreeTables, y: Tensor): Reason | undefined {
  if (!['int8', 'int16'].includes(x.dtype) || y.dtype !== x.dtype)
    return { reason: `there is no kernel for ${x.dtype} giving ${y.dtype}`, change: 'keep this layer in float32' };
  for (const t of [x, y]) scaleOf(node, t);
  if (values.some((v, i) => nodes[2 * i] < 0 && !Number.isFinite(v)))
    return {
      reason: 'one of its leaves is no finite number',
      change: 'train without such leaves, or keep it in float32',
    };
  return undefined;
}

interface Integers {
  nodes: Int16Array;
  values: Int32Array;
  rescale: Multiplier;
  zeroPoint: number;
}

/** Leaves in a row that one walk adds. */
function longestLeaf(nodes: Int16Array): number {
  let [longest, length] = [1, 1];
  for (let i = 0; i < nodes.length; i += 2) {
    length = nodes[i] === -2 ? length + 1 : 1;
    longest = Math.max(longest, length);
  }
  return longest;
}

/** The largest q with scale * (q - zero) at most (or below) the threshold; for `equal` the one that the value becomes: what
 *  is compared so is a category. Nothing is at most NaN. */
function thresholdOf(value: number, comparison: number, { scale, zeroPoint }: { scale: number; zeroPoint: number }) {
  const at = value / scale + zeroPoint;
  if (Number.isNaN(at)) return never;
  if (comparison === equal) return quantizeValue(value, { scale, zeroPoint }, { min: never, max: -never });
  const threshold = comparison === below ? Math.ceil(at) - 1 : Math.floor(at);
  return clampTo(threshold, never, -never);
}

function integers(node: Node, t: TreeTables, y: Tensor): Integers {
  const [input, output] = [scaleOf(node, t.x), scaleOf(node, y)];
  const nodes = t.nodes.slice();
  const isLeaf = (i: number): boolean => t.nodes[2 * i] < 0;
  const largest = t.values.reduce((m, v, i) => (isLeaf(i) ? Math.max(m, Math.abs(v)) : m), 2 ** -100);
  const step = (largest * t.roots.length * longestLeaf(t.nodes)) / 2 ** sumBits;
  const values = Int32Array.from(t.values, (value, i) => {
    if (isLeaf(i)) return Math.round(value / step);
    const comparison = (t.nodes[2 * i] >> 12) & 3;
    nodes[2 * i] = (t.nodes[2 * i] & featureMask) | (comparison === equal ? equal << 12 : 0);
    return thresholdOf(value, comparison, input);
  });
  const share = t.aggregate === 1 ? t.roots.length : 1;
  return { nodes, values, rescale: quantizeMultiplier(step / (output.scale * share)), zeroPoint: output.zeroPoint };
}

export function lowerIntegerTrees(node: Node, t: TreeTables, y: Tensor, rounding: Rounding): KernelCall {
  const p = integers(node, t, y);
  const { rows, features, targets, roots, aggregate } = t;
  const call = kernelCall(
    'treeEnsemble',
    [t.x.dtype === 'int8' ? 's8' : 's16'],
    [
      ...Object.entries({ rows, features, targets, trees: roots.length, aggregate }),
      ['nodes', constant('nodes', 'int16', p.nodes, [p.values.length, 2])],
      ['values', constant('values', 'int32', p.values, [p.values.length])],
      ['roots', constant('roots', 'int32', roots, [roots.length])],
      ['multiplier', p.rescale.multiplier],
      ['shift', p.rescale.shift],
      ['output_zero_point', p.zeroPoint],
      ['rounding', roundingCode(rounding)],
    ],
  );
  return { ...call, scratchBytes: 4 * targets };
}

/** What leaves start from, which no leaf is. */
const startOf = (aggregate: number): number => (aggregate === 2 ? 2 ** 31 - 1 : aggregate === 3 ? -(2 ** 31) : 0);

const combine = (aggregate: number, a: number, b: number): number =>
  aggregate < 2 ? a + b : aggregate === 2 ? Math.min(a, b) : Math.max(a, b);

export function evaluateIntegerTrees(
  node: Node,
  t: TreeTables,
  y: Tensor,
  x: TensorData,
  rounding: Rounding,
): TensorData {
  const p = integers(node, t, y);
  const { min, max } = limitsOf(y);
  const start = startOf(t.aggregate);
  const out = makeData(y.dtype, t.rows * t.targets) as Int16Array;
  for (let r = 0; r < t.rows; r++) {
    const leaves = new Int32Array(t.targets).fill(start);
    for (const root of t.roots) {
      let i = root;
      for (let head = p.nodes[2 * i]; head >= 0; head = p.nodes[2 * i]) {
        const feature = Number(x[r * t.features + (head & featureMask)]);
        i += (head >> 12 === 0 ? feature <= p.values[i] : feature === p.values[i]) ? 1 : p.nodes[2 * i + 1];
      }
      for (let more = true; more; i++) {
        const target = p.nodes[2 * i + 1];
        leaves[target] = combine(t.aggregate, leaves[target], p.values[i]);
        more = p.nodes[2 * i] === followed;
      }
    }
    leaves.forEach((value, k) => {
      // A target without a leaf is 0.
      out[r * t.targets + k] = clampTo(
        (requantize(value === start ? 0 : value, p.rescale, rounding) + p.zeroPoint) | 0,
        min,
        max,
      );
    });
  }
  return out;
}
