// SPDX-License-Identifier: Apache-2.0
// binaryConv2d: convolution of signs by signs (bits.ts), then per channel activation(scale * sum + bias). The output tensor
// says what of it is kept: float32, int8, or the sign as bits again, for which a threshold is all that is left of scale and
// bias. Fully connected layers are 1x1 over a row of pixels.
import { elementCount, type Graph, makeData, type Node, type Tensor } from '../model/graph.js';
import { badShape, clampAttr, given, image, int, outputOf } from './attributes.js';
import { channelMask, popcount, wordsOf } from './bits.js';
import { kernelCall } from './kernels.js';
import { type CStruct, inputOf, type OpSpec } from './op.js';
import { activationRange, floatRange, type Limits, limitsOf, scaleOf } from './quantized.js';
import { clampTo } from './requantize.js';
import { constant, type Reason } from './weighted.js';
import { tapRange, type Window, windowFields, windowOf } from './window.js';

export interface BinaryLayer extends Window {
  /** Channels of the input; Window.inC counts them too. */
  inC: number;
  outC: number;
  words: number;
  padValue: number;
  /** [outC][kernelH][kernelW][words] */
  weights: Int32Array;
  scale: Float32Array;
  bias: Float32Array;
  range: Limits;
  /** Products of one output. */
  products: number;
}

/** The accumulator is 32 bits, of fixed point (fixedPoint below). */
const maxProducts = 65_535;

const floats = (t: Tensor, count: number): boolean =>
  t.dtype === 'float32' && t.shape.length === 1 && t.shape[0] === count;

function windowFor(node: Node, graph: Graph): Window & { outC: number } {
  const w = inputOf(node, graph, 1);
  if (w.shape.length !== 4) badShape(node, `the weights have ${w.shape.length} dimensions, not 4`);
  const [outC, kernelH, kernelW, words] = w.shape;
  const x = image(node, graph);
  const channels = int(node, 'channels', { min: 1, max: 2 ** 20 });
  if (x.dtype !== 'int32' || w.dtype !== 'int32' || x.shape[3] !== wordsOf(channels) || words !== x.shape[3])
    badShape(node, `input and weights are not bits of ${channels} channels`);
  if (![2, 3].every((i) => floats(inputOf(node, graph, i), outC)))
    badShape(node, `scale and bias are not ${outC} numbers each`);
  int(node, 'padValue', { min: -1, max: 1 });
  clampAttr(node);
  return { ...windowOf(node, graph, [kernelH, kernelW], true), inC: channels, outC };
}

export function binaryLayer(node: Node, graph: Graph): BinaryLayer {
  const window = windowFor(node, graph);
  const [weights, scale, bias] = [1, 2, 3].map((i) => inputOf(node, graph, i).data);
  return {
    ...window,
    words: wordsOf(window.inC),
    padValue: int(node, 'padValue', { min: -1, max: 1 }),
    weights: weights as Int32Array,
    scale: scale as Float32Array,
    bias: bias as Float32Array,
    range: floatRange(clampAttr(node)),
    products: window.kernelH * window.kernelW * window.inC,
  };
}

const f = Math.fround;

/** What a sum of products becomes, as the float32 kernel computes it. */
export const realValue = ({ scale, bias, range }: BinaryLayer, sum: number, c: number): number =>
  clampTo(f(f(scale[c] * sum) + bias[c]), range.min, range.max);

/** The layer without scales below zero: such channels have the opposite weights. */
function upright(layer: BinaryLayer): BinaryLayer {
  const { scale, words, inC } = layer;
  const each = layer.weights.length / layer.outC;
  const weights = layer.weights.map((w, i) => (scale[Math.floor(i / each)] < 0 ? ~w & channelMask(inC, i % words) : w));
  return { ...layer, weights, scale: scale.map(Math.abs) };
}

/** For bits: the weights, and the largest distance of each channel whose value is not below zero (with `strict`, is above);
 *  -1 where there is none. Values rise with sums, so it is found by halving. */
export function thresholds(layer: BinaryLayer, strict: boolean): { layer: BinaryLayer; threshold: Int32Array } {
  const rising = upright(layer);
  const isSet = (distance: number, c: number): boolean => {
    const value = realValue(rising, layer.products - distance, c);
    return strict ? value > 0 : value >= 0;
  };
  const threshold = Int32Array.from({ length: layer.outC }, (_, c) => {
    let [low, high] = [-1, 2 * layer.products];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (isSet(middle, c)) low = middle;
      else high = middle - 1;
    }
    return low;
  });
  return { layer: rising, threshold };
}

export interface FixedPoint {
  /** output = (bias + multiplier * distance) >> shift. */
  multiplier: Int32Array;
  bias: Int32Array;
  shift: number;
  range: Limits;
}

/** |bias| and |multiplier * sum| stay below this, so that their sum fits 32 bits. */
const half = 2 ** 29;
/** More bits than a float32 scale has bring nothing. */
const maxShift = 24;

/** int8 outputs in fixed point, with as many bits behind the point as fit; undefined where not even none do. */
export function fixedPoint(node: Node, graph: Graph): FixedPoint | undefined {
  const layer = binaryLayer(node, graph);
  const y = outputOf(node, graph);
  const output = scaleOf(node, y);
  const real = (v: number): number => v / output.scale;
  const largest = layer.scale.reduce(
    (m, s, c) => Math.max(m, Math.abs(real(s)) * layer.products, Math.abs(real(layer.bias[c])) + 256),
    0,
  );
  const shift = Math.min(maxShift, Math.floor(Math.log2((half - layer.products) / largest)));
  if (!(shift >= 0)) return undefined;
  const unit = 2 ** shift;
  const multiplier = Int32Array.from(layer.scale, (s) => -Math.round(real(s) * unit));
  const rounding = shift > 0 ? unit / 2 : 0;
  const bias = Int32Array.from(
    layer.bias,
    (b, c) => Math.round((real(b) + output.zeroPoint) * unit) + rounding - multiplier[c] * layer.products,
  );
  return { multiplier, bias, shift, range: activationRange(clampAttr(node), output, limitsOf(y)) };
}

export const strictOf = (node: Node): boolean => node.attrs.strict === true;

/** The constants behind the weights. */
function finishFields(
  node: Node,
  graph: Graph,
): { weights: Int32Array; type: 'b1' | 's8' | 'f32'; fields: CStruct['fields'] } {
  const layer = binaryLayer(node, graph);
  const channels = (name: string, data: Int32Array): CStruct['fields'][number] => [
    name,
    constant(name, 'int32', data, [layer.outC]),
  ];
  const { dtype } = outputOf(node, graph);
  if (dtype === 'int32') {
    const made = thresholds(layer, strictOf(node));
    return { weights: made.layer.weights, type: 'b1', fields: [channels('threshold', made.threshold)] };
  }
  if (dtype === 'float32') {
    const fields: CStruct['fields'] = [
      ['scale', constant('scale', 'float32', layer.scale, [layer.outC])],
      ['bias', constant('bias', 'float32', layer.bias, [layer.outC])],
      ['output_min', { float: layer.range.min }],
      ['output_max', { float: layer.range.max }],
    ];
    return { weights: layer.weights, type: 'f32', fields };
  }
  const fixed = fixedPoint(node, graph);
  if (!fixed) throw new Error(`${node.name}: no fixed point`);
  const fields: CStruct['fields'] = [
    channels('bias', fixed.bias),
    channels('multiplier', fixed.multiplier),
    ['shift', fixed.shift],
    ['output_min', fixed.range.min],
    ['output_max', fixed.range.max],
  ];
  return { weights: layer.weights, type: 's8', fields };
}

/** Distances of all outputs, channel by channel within a pixel. */
function distances(layer: BinaryLayer, x: Int32Array, visit: (distance: number, channel: number) => void): void {
  const { kernelH, kernelW, words, inC, inW } = layer;
  for (let y = 0; y < layer.outH; y++) {
    const top = y * layer.strideH - layer.padTop;
    const rows = tapRange(top, layer.dilationH, kernelH, layer.inH);
    for (let column = 0; column < layer.outW; column++) {
      const left = column * layer.strideW - layer.padLeft;
      const columns = tapRange(left, layer.dilationW, kernelW, inW);
      for (let c = 0; c < layer.outC; c++) {
        let distance = 0;
        for (let tap = 0; tap < kernelH * kernelW; tap++) {
          const [i, k] = [Math.floor(tap / kernelW), tap % kernelW];
          const inside = i >= rows.begin && i < rows.end && k >= columns.begin && k < columns.end;
          const pixel = (top + i * layer.dilationH) * inW + left + k * layer.dilationW;
          const from = (c * kernelH * kernelW + tap) * words;
          for (let j = 0; j < words; j++) {
            const outside = layer.padValue > 0 ? channelMask(inC, j) : 0;
            const bits = inside ? x[pixel * words + j] : outside;
            if (inside || layer.padValue !== 0) distance += 2 * popcount(bits ^ layer.weights[from + j]);
          }
          if (!inside && layer.padValue === 0) distance += inC;
        }
        visit(distance, c);
      }
    }
  }
}

function evaluateBits(node: Node, graph: Graph, x: Int32Array): Int32Array {
  const { layer, threshold } = thresholds(binaryLayer(node, graph), strictOf(node));
  const words = wordsOf(layer.outC);
  const out = new Int32Array(layer.outH * layer.outW * words);
  let pixel = 0;
  distances(layer, x, (distance, c) => {
    if (distance <= threshold[c]) out[pixel * words + (c >> 5)] |= 1 << c;
    if (c + 1 === layer.outC) pixel++;
  });
  return out;
}

function obstacle(node: Node, graph: Graph): Reason | undefined {
  if (![1, 2, 3].every((i) => inputOf(node, graph, i).data))
    return { reason: 'its weights are computed, not constant', change: 'export the model with constant weights' };
  const layer = binaryLayer(node, graph);
  if (layer.products > maxProducts)
    return {
      reason: `one output sums ${layer.products} products, more than ${maxProducts}`,
      change: 'split the layer',
    };
  const { dtype } = outputOf(node, graph);
  if (dtype === 'int8' && !fixedPoint(node, graph))
    return { reason: 'its scales are out of proportion to its output', change: 'quantize the model again' };
  return ['float32', 'int8', 'int32'].includes(dtype)
    ? undefined
    : { reason: `there is no kernel for signs giving ${dtype}`, change: 'use float32 or int8' };
}

export const binaryConv2d: OpSpec = {
  op: 'binaryConv2d',
  infer(node, graph) {
    const w = windowFor(node, graph);
    const { dtype } = outputOf(node, graph);
    const last = dtype === 'int32' ? wordsOf(w.outC) : w.outC;
    return [{ shape: [1, w.outH, w.outW, last], dtype }];
  },
  macs(node, graph) {
    const w = windowFor(node, graph);
    return w.outH * w.outW * w.outC * w.kernelH * w.kernelW * w.inC;
  },
  unsupported: obstacle,
  lower(node, { graph }) {
    const layer = binaryLayer(node, graph);
    const { weights, type, fields } = finishFields(node, graph);
    const { shape } = inputOf(node, graph, 1);
    return kernelCall(
      'binaryConv2d',
      ['b1', type],
      [
        ...windowFields(layer, layer.outC),
        ['words', layer.words],
        ['pad_value', layer.padValue],
        ['weights', constant('weights', 'int32', weights, shape)],
        ...fields,
      ],
    );
  },
  evaluate(node, inputs, { graph }) {
    const x = given(node, inputs, 0) as Int32Array;
    const y = outputOf(node, graph);
    if (y.dtype === 'int32') return [evaluateBits(node, graph, x)];
    const layer = binaryLayer(node, graph);
    const fixed = y.dtype === 'int8' ? fixedPoint(node, graph) : undefined;
    const out = makeData(y.dtype, elementCount([layer.outH, layer.outW, layer.outC])) as Float32Array;
    let at = 0;
    distances(layer, x, (d, c) => {
      out[at++] = fixed
        ? clampTo((fixed.bias[c] + fixed.multiplier[c] * d) >> fixed.shift, fixed.range.min, fixed.range.max)
        : realValue(layer, layer.products - d, c);
    });
    return [out];
  },
};
