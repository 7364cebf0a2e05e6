// SPDX-License-Identifier: Apache-2.0
// svdf: TensorFlow Lite's SVDF. Each filter keeps what it gave in the last `memory` inferences; a unit sums `rank` filters,
// weighted over time. Outputs: the units, and the state as it is then. Integers as in TensorFlow Lite Micro.
import { elementCount, type Graph, makeData, type Node, type Tensor, type TensorData } from '../model/graph.js';
import { badShape, clampAttr, given, int, outputOf } from './attributes.js';
import { kernelCall } from './kernels.js';
import {
  type CStruct,
  inputOf,
  type KernelCall,
  type LowerContext,
  type OpSpec,
  optionalInput,
  type Rounding,
} from './op.js';
import { activationRange, floatRange, type Limits, limitsOf, scaleOf } from './quantized.js';
import { clampTo, type Multiplier, quantizeMultiplier, requantize, roundingCode } from './requantize.js';
import { constant, type Reason } from './weighted.js';

const f = Math.fround;
const inputIndex = { x: 0, features: 1, times: 2, bias: 3, state: 4 } as const;
/** More could overflow the sum over the inputs. */
const maxInputs = 65_535;

interface Geometry {
  batch: number;
  inputs: number;
  filters: number;
  memory: number;
  rank: number;
  units: number;
}

function geometry(node: Node, graph: Graph): Geometry {
  const [x, features, times] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const state = inputOf(node, graph, inputIndex.state);
  if ([x, features, times].some((t) => t.shape.length !== 2))
    badShape(node, 'input and weights must have 2 dimensions');
  const [batch, inputs] = x.shape;
  const [filters, memory] = times.shape;
  const rank = int(node, 'rank', { min: 1, max: filters });
  if (features.shape[0] !== filters || features.shape[1] !== inputs || filters % rank !== 0)
    badShape(node, `weights [${features.shape}] and [${times.shape}] of rank ${rank} do not fit ${inputs} inputs`);
  const bias = optionalInput(node, graph, inputIndex.bias);
  if (bias && elementCount(bias.shape) !== filters / rank) badShape(node, `the bias is not ${filters / rank} numbers`);
  if (elementCount(state.shape) !== batch * filters * memory)
    badShape(node, `the state [${state.shape}] is not ${batch} x ${filters} x ${memory}`);
  clampAttr(node);
  return { batch, inputs, filters, memory, rank, units: filters / rank };
}

type Kind = 'f32' | 's8s8' | 's8s16';

/** Types of input, feature weights, time weights, state and output that have a kernel. */
const kinds: Readonly<Record<string, Kind>> = {
  'float32 float32 float32 float32 float32': 'f32',
  'int8 int8 int8 int8 int8': 's8s8',
  'int8 int8 int16 int16 int8': 's8s16',
};

const typesOf = (node: Node, graph: Graph): string =>
  [...[0, 1, 2, inputIndex.state].map((i) => inputOf(node, graph, i)), outputOf(node, graph)]
    .map((t) => t.dtype)
    .join(' ');

function kindOf(node: Node, graph: Graph): Kind | undefined {
  const bias = optionalInput(node, graph, inputIndex.bias);
  const kind = kinds[typesOf(node, graph)];
  return !bias || bias.dtype === (kind === 'f32' ? 'float32' : 'int32') ? kind : undefined;
}

function obstacle(node: Node, graph: Graph): Reason | undefined {
  const weights = [1, 2, 3].map((i) => optionalInput(node, graph, i));
  if (weights.some((w) => w && !w.data))
    return { reason: 'its weights are computed, not constant', change: 'export the model with constant weights' };
  const kind = kindOf(node, graph);
  if (!kind)
    return {
      reason: `there is no kernel for ${typesOf(node, graph)} (input, weights, state, output)`,
      change: 'use float32 throughout, or int8 with int8 or int16 time weights and state',
    };
  if (kind === 'f32') return undefined;
  if (weights.slice(0, 2).some((w) => w?.quant?.zeroPoints.some((z) => z !== 0)))
    return { reason: 'its weights have a zero point', change: 'quantize the weights symmetrically (zero point 0)' };
  const state = inputOf(node, graph, inputIndex.state);
  if (kind === 's8s16' && scaleOf(node, state).zeroPoint !== 0)
    return { reason: 'its int16 state has a zero point', change: 'quantize int16 state symmetrically' };
  if (geometry(node, graph).inputs > maxInputs)
    return { reason: `it has more than ${maxInputs} inputs`, change: 'split the layer' };
  return undefined;
}

interface Integers {
  featureBias: Int32Array;
  bias: Int32Array;
  stateFactor: Multiplier;
  stateZero: number;
  stateRange: Limits;
  factor: Multiplier;
  outputZero: number;
  range: Limits;
}

const rowSum = (w: TensorData, row: number, length: number): number => {
  let sum = 0;
  for (let i = row * length; i < (row + 1) * length; i++) sum += Number(w[i]);
  return sum;
};

/** Scales are multiplied in float32, as TensorFlow Lite Micro does here (svdf_common.cc). */
function integers(node: Node, graph: Graph): Integers {
  const g = geometry(node, graph);
  const [x, features, times] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const [state, y] = [inputOf(node, graph, inputIndex.state), outputOf(node, graph)];
  const bias = optionalInput(node, graph, inputIndex.bias)?.data;
  const [xs, fs, ts, ss, ys] = [x, features, times, state, y].map((t) => scaleOf(node, t));
  const unitBias = (u: number): number => {
    const rows = Array.from({ length: g.rank }, (_, r) => rowSum(times.data as TensorData, u * g.rank + r, g.memory));
    return (Number(bias?.[u] ?? 0) - ss.zeroPoint * rows.reduce((a, b) => a + b, 0)) | 0;
  };
  return {
    featureBias: Int32Array.from(
      { length: g.filters },
      (_, i) => -xs.zeroPoint * rowSum(features.data as TensorData, i, g.inputs),
    ),
    bias: Int32Array.from({ length: g.units }, (_, u) => unitBias(u)),
    stateFactor: quantizeMultiplier(f(f(xs.scale * fs.scale) / ss.scale)),
    stateZero: ss.zeroPoint,
    stateRange: limitsOf(state),
    factor: quantizeMultiplier(f(f(ss.scale * ts.scale) / ys.scale)),
    outputZero: ys.zeroPoint,
    range: activationRange(clampAttr(node), ys, limitsOf(y)),
  };
}

function lower(node: Node, { graph, rounding }: LowerContext): KernelCall {
  const g = geometry(node, graph);
  const kind = kindOf(node, graph) as Kind;
  const [, features, times] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const bias = optionalInput(node, graph, inputIndex.bias)?.data;
  const head: CStruct['fields'] = [
    ['batch', g.batch],
    ['inputs', g.inputs],
    ['filters', g.filters],
    ['memory', g.memory],
    ['rank', g.rank],
  ];
  const array = (name: string, t: Tensor): CStruct['fields'][number] => [
    name,
    constant(name, t.dtype as 'int8', t.data as Int8Array, t.shape),
  ];
  const ends = { inputs: [inputIndex.x, inputIndex.state], outputs: [0, 1] };
  if (kind === 'f32') {
    const { min, max } = floatRange(clampAttr(node));
    const floats = constant('bias', 'float32', Float32Array.from(bias ?? new Float32Array(g.units), Number), [g.units]);
    return {
      ...kernelCall(
        'svdf',
        ['f32'],
        [
          ...head,
          array('features', features),
          array('times', times),
          ['bias', floats],
          ['min', { float: min }],
          ['max', { float: max }],
        ],
      ),
      ...ends,
    };
  }
  const n = integers(node, graph);
  const fields: CStruct['fields'] = [
    ...head,
    array('features', features),
    ['feature_bias', constant('feature_bias', 'int32', n.featureBias, [g.filters])],
    array('times', times),
    ['bias', constant('bias', 'int32', n.bias, [g.units])],
    ['state_multiplier', n.stateFactor.multiplier],
    ['state_shift', n.stateFactor.shift],
    ['state_zero_point', n.stateZero],
    ['multiplier', n.factor.multiplier],
    ['shift', n.factor.shift],
    ['output_zero_point', n.outputZero],
    ['rounding', roundingCode(rounding)],
    ['min', n.range.min],
    ['max', n.range.max],
  ];
  return { ...kernelCall('svdf', ['s8', kind === 's8s8' ? 's8' : 's16'], fields), ...ends };
}

/** What becomes of a sum over the inputs, and of one over time. */
interface Arithmetic {
  product(a: number, b: number): number;
  add(a: number, b: number): number;
  featureBias: ArrayLike<number>;
  bias: ArrayLike<number>;
  remember(sum: number): number;
  finish(sum: number): number;
}

function arithmeticOf(node: Node, graph: Graph, rounding: Rounding, bias: TensorData | undefined): Arithmetic {
  const g = geometry(node, graph);
  if (kindOf(node, graph) === 'f32') {
    const { min, max } = floatRange(clampAttr(node));
    return {
      product: (a, b) => f(a * b),
      add: (a, b) => f(a + b),
      featureBias: new Float32Array(g.filters),
      bias: (bias as Float32Array | undefined) ?? new Float32Array(g.units),
      remember: (sum) => sum,
      finish: (sum) => clampTo(sum, min, max),
    };
  }
  const n = integers(node, graph);
  const rescale = (sum: number, factor: Multiplier, zero: number, { min, max }: Limits): number =>
    clampTo((requantize(sum, factor, rounding) + zero) | 0, min, max);
  return {
    product: (a, b) => a * b,
    add: (a, b) => (a + b) | 0,
    featureBias: n.featureBias,
    bias: n.bias,
    remember: (sum) => rescale(sum, n.stateFactor, n.stateZero, n.stateRange),
    finish: (sum) => rescale(sum, n.factor, n.outputZero, n.range),
  };
}

function evaluate(
  node: Node,
  data: readonly (TensorData | undefined)[],
  graph: Graph,
  rounding: Rounding,
): TensorData[] {
  const g = geometry(node, graph);
  const [x, features, times] = [0, 1, 2].map((i) => given(node, data, i));
  const state = given(node, data, inputIndex.state).slice();
  const output = makeData(outputOf(node, graph).dtype, g.batch * g.units) as Float32Array;
  const a = arithmeticOf(node, graph, rounding, data[inputIndex.bias]);
  for (let b = 0; b < g.batch; b++) {
    for (let u = 0; u < g.units; u++) {
      let sum = a.bias[u];
      for (let r = 0; r < g.rank; r++) {
        const filter = u * g.rank + r;
        const at = (b * g.filters + filter) * g.memory;
        let now = a.featureBias[filter];
        for (let i = 0; i < g.inputs; i++)
          now = a.add(now, a.product(features[filter * g.inputs + i], x[b * g.inputs + i]));
        state.copyWithin(at, at + 1, at + g.memory);
        state[at + g.memory - 1] = a.remember(now);
        let total = 0;
        for (let i = 0; i < g.memory; i++) total = a.add(total, a.product(times[filter * g.memory + i], state[at + i]));
        sum = a.add(sum, total);
      }
      output[b * g.units + u] = a.finish(sum);
    }
  }
  return [output, state];
}

export const svdf: OpSpec = {
  op: 'svdf',
  infer(node, graph) {
    const { batch, units } = geometry(node, graph);
    const state = inputOf(node, graph, inputIndex.state);
    return [
      { shape: [batch, units], dtype: outputOf(node, graph).dtype },
      { shape: [...state.shape], dtype: state.dtype, ...(state.quant ? { quant: state.quant } : {}) },
    ];
  },
  macs(node, graph) {
    const g = geometry(node, graph);
    return g.batch * g.filters * (g.inputs + g.memory);
  },
  updates: [{ input: inputIndex.state, output: 1 }],
  unsupported: obstacle,
  lower,
  evaluate: (node, inputs, { graph, rounding }) => evaluate(node, inputs, graph, rounding),
};
