// SPDX-License-Identifier: Apache-2.0
// Integer weights and biases: int8, symmetric, one scale per output channel; int32 bias at scale input * weight.
import { fail } from '../cli/errors.js';
import { NO_TENSOR, type Node, type Quant, type Tensor, type TensorData, type TensorId } from '../model/graph.js';
import { outputAxis, outputChannel } from './affine.js';
import { realConstant, realValues, storedConstant } from './constants.js';
import type { GraphEditor } from './editor.js';

export interface IntegerWeights {
  weights: TensorId;
  bias: TensorId;
}

/** A bias stays this far below 2^31, so that the accumulator has as much room again for the products. */
const maxBias = 2 ** 30;
/** Of int64 biases: what kernels take (src/ops/weighted.ts). */
const maxWideBias = 2 ** 44;
/** Below this ratio of accumulator step to output step a channel adds nothing that the output could show. */
const minMultiplier = 2 ** -28;
/** Beyond this a coarser bias saves next to nothing. */
const maxShortStep = 2 ** 16;

/** Kernels for instruction sets shift sums right, those for DSP by two bits at least: a real factor below 1/4. */
const mostMultiplier = 0.249;

interface Scales {
  input: number;
  output: number;
  inputZero?: number;
  /** Of int16 activations: the bias is int64, and never too large. */
  wide?: boolean;
}

/** What to add to the bias because the weights were rounded; by output channel. */
export type Correct = (
  node: Node,
  exact: Float64Array,
  rounded: Float64Array,
  shape: readonly number[],
) => Float64Array;

/** Integers for a layer's weights in another form than plain int8; undefined where it stays that. */
export type RoundWeights = (
  node: Node,
  real: Float64Array,
  shape: readonly number[],
  leastScales: Float64Array,
  /** Scales above which fast kernels do not rescale. */
  mostScale?: number,
) => RoundedWeights | undefined;

export interface RoundedWeights {
  data: Int8Array;
  scales: Float64Array;
  stored?: Tensor['stored'];
  /** That they will take entropy-coded, a weight; by the entropy of `data` where left out. */
  codedBits?: number;
  /** What to add to the real bias because of this rounding, where it is known better than `Correct` knows. */
  shift?: Float64Array;
  /** By how much each channel's real bias may be off by rounding it to shorter numbers. */
  biasSteps?: Float64Array;
}

/** Integer constants for a layer, or undefined when its weights or bias are computed. */
export function integerWeights(
  editor: GraphEditor,
  node: Node,
  scales: Scales,
  correct?: Correct,
  round?: RoundWeights,
): IntegerWeights | undefined {
  const stored = storedConstant(editor, node.inputs[1]);
  const biasId = node.inputs[2];
  const hasBias = biasId !== undefined && biasId !== NO_TENSOR;
  const given = hasBias ? realConstant(editor, biasId) : undefined;
  if (!stored || (hasBias && !given)) return undefined;
  requireFinite(editor, node, stored, given);
  const rounded = roundedWeights(node, stored, given, scales, round);
  const quantized =
    rounded?.tensor ?? keptWeights(node, stored, given, scales) ?? quantizedWeights(node, stored, given, scales);
  const shift = rounded?.shift ?? correct?.(node, realValues(stored), realValues(quantized), stored.shape);
  const bias = shift ? shift.map((s, c) => s + (given?.[c] ?? 0)) : given;
  const weights = editor.addTensor({ ...quantized, name: stored.name });
  const biasTensor = quantizedBias(editor, node, { given, bias }, quantized.quant, scales);
  const short = rounded?.biasSteps
    ? shortBias(biasTensor, quantized, rounded.biasSteps, scales.inputZero ?? 0)
    : biasTensor;
  // The bias says that sums are wide, so that a layer of int16 needs one.
  return { weights, bias: bias || scales.wide ? editor.addTensor(short) : NO_TENSOR };
}

/** A bias of which, less the input's zero point times the weights, as kernels begin their sums, only multiples of one power
 *  of two are left: numbers that are shorter to store. */
function shortBias(bias: Tensor, weights: Quantized, steps: Float64Array, inputZero: number): Tensor {
  const scales = bias.quant?.scales ?? new Float64Array();
  const least = steps.reduce((m, s, c) => Math.min(m, s / scales[c]), maxShortStep);
  if (!(least >= 2)) return bias;
  const unit = 2 ** Math.floor(Math.log2(least));
  const sums = new Float64Array(scales.length);
  const channel = channelIndex(weights.shape, weights.quant.axis ?? 0);
  weights.data.forEach((w, i) => {
    sums[channel(i)] += w;
  });
  const data = Int32Array.from(bias.data as Int32Array, (b, c) => {
    const folded = b - inputZero * sums[c];
    return Math.round(folded / unit) * unit + inputZero * sums[c];
  });
  return { ...bias, data };
}

const channelIndex = (shape: readonly number[], axis: number): ((i: number) => number) => {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  return (i) => Math.floor(i / inner) % shape[axis];
};

function requireFinite(
  editor: GraphEditor,
  node: Node,
  stored: Tensor & { data: TensorData },
  bias?: Float64Array,
): void {
  const finite = realValues(stored).every(Number.isFinite) && (bias?.every(Number.isFinite) ?? true);
  if (finite) return;
  const name = editor.tensor(node.inputs[1]).name;
  fail('model.broken', { reason: `the weights '${name}' of node '${node.name}' are not all finite numbers` });
}

type Quantized = Tensor & { data: Int8Array; quant: Quant };

function roundedWeights(
  node: Node,
  stored: Tensor & { data: TensorData },
  bias: Float64Array | undefined,
  scales: Scales,
  round: RoundWeights | undefined,
): ({ tensor: Quantized } & Pick<RoundedWeights, 'shift' | 'biasSteps'>) | undefined {
  const channels = stored.shape[outputAxis[node.op]];
  const leastScales = Float64Array.from({ length: channels }, (_, c) => smallestScale(bias?.[c] ?? 0, scales));
  const rounded = round?.(
    node,
    realValues(stored),
    stored.shape,
    leastScales,
    (mostMultiplier * scales.output) / scales.input,
  );
  return (
    rounded && {
      shift: rounded.shift,
      biasSteps: rounded.biasSteps,
      tensor: {
        name: stored.name,
        dtype: 'int8',
        shape: [...stored.shape],
        data: rounded.data,
        quant: { scales: rounded.scales, zeroPoints: new Int32Array(channels), axis: outputAxis[node.op] },
        ...(rounded.stored ? { stored: rounded.stored } : {}),
      },
    }
  );
}

/** The file's own integers, where they are int8 around zero, scaled as the kernels want, and leave the bias room. */
function keptWeights(
  node: Node,
  stored: Tensor & { data: TensorData },
  bias: Float64Array | undefined,
  scales: Scales,
): Quantized | undefined {
  const { quant } = stored;
  const channels = stored.shape[outputAxis[node.op]];
  if (!quant || stored.dtype !== 'int8') return undefined;
  if (quant.scales.length !== 1 && (quant.axis !== outputAxis[node.op] || quant.scales.length !== channels))
    return undefined;
  const spread = Float64Array.from({ length: channels }, (_, c) =>
    Math.fround(quant.scales[quant.scales.length === 1 ? 0 : c]),
  );
  if (spread.some((s, c) => !(s >= smallestScale(bias?.[c] ?? 0, scales)))) return undefined;
  const zero = quant.zeroPoints[0] ?? 0;
  if (quant.zeroPoints.some((z) => z !== zero)) return undefined;
  const data = zero === 0 ? Int8Array.from(stored.data as Int8Array) : recentred(stored.data as Int8Array, zero);
  if (!data) return undefined;
  return {
    ...stored,
    dtype: 'int8',
    data,
    quant: { scales: spread, zeroPoints: new Int32Array(channels), axis: outputAxis[node.op] },
  };
}

function recentred(data: Int8Array, zero: number): Int8Array | undefined {
  const fits = data.every((q) => q - zero >= -128 && q - zero <= 127);
  return fits ? data.map((q) => q - zero) : undefined;
}

function quantizedWeights(
  node: Node,
  stored: Tensor & { data: TensorData },
  bias: Float64Array | undefined,
  scales: Scales,
): Quantized {
  const values = realValues(stored);
  const channel = outputChannel(node, stored.shape);
  const channels = stored.shape[outputAxis[node.op]];
  const largest = new Float64Array(channels);
  values.forEach((v, i) => {
    largest[channel(i)] = Math.max(largest[channel(i)], Math.abs(v));
  });
  const weightScales = largest.map((m, c) => Math.fround(Math.max(m / 127, smallestScale(bias?.[c] ?? 0, scales))));
  const data = Int8Array.from(values, (v, i) => clampInt8(Math.round(v / weightScales[channel(i)]), -127));
  return {
    name: stored.name,
    dtype: 'int8',
    shape: [...stored.shape],
    data,
    quant: { scales: weightScales, zeroPoints: new Int32Array(channels), axis: outputAxis[node.op] },
  };
}

/** A channel of zeros, or of next to nothing, still needs a scale: one that its bias and multiplier can live with. */
function smallestScale(bias: number, scales: Scales): number {
  const most = scales.wide ? maxWideBias : maxBias;
  return Math.max(Math.abs(bias) / (scales.input * most), (minMultiplier * scales.output) / scales.input);
}

const clampInt8 = (q: number, lowest: number): number => Math.min(127, Math.max(lowest, q));

function quantizedBias(
  editor: GraphEditor,
  node: Node,
  real: { given?: Float64Array; bias?: Float64Array },
  weightQuant: Quant,
  { input, wide }: Scales,
): Tensor {
  const scales = weightQuant.scales.map((s) => s * Math.fround(input));
  const id = node.inputs[2];
  const stored = real.given && real.given === real.bias ? storedConstant(editor, id) : undefined;
  const rounded = scales.map((s, c) => Math.round((real.bias?.[c] ?? 0) / s));
  const kept = stored && sameScales(stored, scales) ? Int32Array.from(stored.data as Int32Array) : undefined;
  const name = real.given ? editor.tensor(id).name : `${node.name}/bias`;
  return {
    name,
    shape: [scales.length],
    ...(wide
      ? { dtype: 'int64', data: BigInt64Array.from(rounded, BigInt) }
      : { dtype: 'int32', data: kept ?? Int32Array.from(rounded) }),
    quant: { scales, zeroPoints: new Int32Array(scales.length), axis: 0 },
  };
}

/** Whether a stored int32 bias already has these scales, as far as the float32 scales of a file can say. */
function sameScales(stored: Tensor, scales: Float64Array): boolean {
  const { quant, dtype } = stored;
  if (dtype !== 'int32' || !quant || quant.zeroPoints.some((z) => z !== 0)) return false;
  return scales.every((s, c) => Math.abs(quant.scales[quant.scales.length === 1 ? 0 : c] / s - 1) < 1e-6);
}
