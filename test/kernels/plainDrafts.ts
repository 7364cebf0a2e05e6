// SPDX-License-Identifier: Apache-2.0
// Random nodes of the operators on plain numbers: pairs, choices, conversions, and what moves elements by numbers.
import { type Attrs, type DType, quantOf } from '../../src/model/graph.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { pairTable } from '../../src/ops/pairTable.js';
import { reduceTable } from '../../src/ops/reduceTable.js';
import { addConstant, addInput, addOutput, type Draft, draft, randomQuant, setAttrs } from './draft.js';
import type { Random } from './random.js';

const dtypes: Record<string, DType> = {
  f32: 'float32',
  s32: 'int32',
  s16: 'int16',
  s8: 'int8',
  u8: 'uint8',
  b8: 'bool',
  x8: 'int8',
  x16: 'int16',
  x32: 'float32',
};

const randomShape = (random: Random, rank: number): number[] => Array.from({ length: rank }, () => random.int(1, 4));

/** A shape that broadcasts to this one. */
const thinned = (random: Random, full: readonly number[]): number[] =>
  full.slice(random.chance(0.7) ? 0 : random.int(0, full.length)).map((n) => (random.chance(0.3) ? 1 : n));

function pair(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const dtype = dtypes[row.activation];
  const full = randomShape(random, random.int(row.weight === 'b8' ? 3 : 0, 4));
  const same = random.chance(0.4);
  const constantOne = random.pick([-1, -1, 0, 1]);
  for (const i of [0, 1]) {
    const shape = same ? [...full] : thinned(random, full);
    if (i === constantOne) addConstant(d, dtype, shape);
    else addInput(d, dtype, shape);
  }
  addOutput(d, row.weight === 'b8' ? 'bool' : dtype);
  const shared = dtype === 'int8' ? quantOf(0.5, 3) : quantOf(0.25, 0);
  const own = random.chance(0.5);
  for (const id of d.node.inputs) {
    if (dtype !== 'int8' && dtype !== 'int16') continue;
    d.graph.tensors[id].quant = own ? randomQuant(random, dtype) : shared;
  }
  return d;
}

/** A function of an integer tensor and a real number: a table. */
export function pairTableDraft(row: KernelRow, random: Random): Draft {
  const d = draft(random.pick(['pow', 'floorDiv', 'floorMod', 'mod']), random);
  const number = (): void =>
    addConstant(d, 'float32', [1], undefined, Float32Array.of(random.pick([2, 0.5, -1, 3, 1.7])));
  const first = random.chance(0.3);
  if (first) number();
  addInput(d, dtypes[row.activation], [random.int(1, 5), random.int(1, 60)]);
  if (!first) number();
  addOutput(d, dtypes[row.activation]);
  return d;
}

function where(row: KernelRow, random: Random): Draft {
  const d = draft('where', random);
  const dtype = dtypes[row.activation];
  const full = randomShape(random, random.int(0, 4));
  const constantOne = random.pick([-1, 1, 2]);
  addInput(d, 'bool', thinned(random, full));
  for (const i of [1, 2]) {
    if (i === constantOne) addConstant(d, dtype, thinned(random, full));
    else addInput(d, dtype, thinned(random, full), undefined);
  }
  for (const id of d.node.inputs) delete d.graph.tensors[id].quant;
  addOutput(d, dtype, undefined);
  return d;
}

function cast(row: KernelRow, random: Random): Draft {
  const d = draft('cast', random);
  addInput(d, dtypes[row.activation], [random.int(1, 60)]);
  addOutput(d, dtypes[row.weight]);
  setAttrs(d, { to: dtypes[row.weight] });
  return d;
}

function not(row: KernelRow, random: Random): Draft {
  const d = draft('not', random);
  addInput(d, dtypes[row.activation], [random.int(1, 60)]);
  addOutput(d, 'bool');
  return d;
}

const axesOf = (random: Random, rank: number): number[] =>
  Array.from({ length: rank }, (_, d) => d).filter(() => random.chance(0.5));

function reduce(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const shape = [random.int(2, 6), ...randomShape(random, random.int(1, 3))];
  addInput(d, dtypes[row.activation], shape);
  setAttrs(d, { axes: axesOf(random, shape.length), keepDims: random.chance(0.5) });
  const scale = Math.fround(2 ** random.real(-6, 4));
  const zero = row.activation === 's8' ? random.int(-128, 127) : 0;
  const keeps = !['s8', 's16'].includes(row.activation) || row.op === 'reduceMax' || row.op === 'reduceMin';
  addOutput(
    d,
    dtypes[row.activation],
    keeps ? undefined : quantOf(row.activation === 's8' ? scale : scale / 256, zero),
  );
  return d;
}

function arg(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const shape = [random.int(2, 6), ...randomShape(random, random.int(1, 3))];
  addInput(d, dtypes[row.activation], shape);
  setAttrs(d, { axis: random.int(0, shape.length - 1), keepDims: random.chance(0.5), last: random.chance(0.5) });
  addOutput(d, 'int32');
  return d;
}

function constant(row: KernelRow, random: Random): Draft {
  const d = draft('constant', random);
  addConstant(d, dtypes[row.activation], [random.int(1, 60)]);
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

function gather(row: KernelRow, random: Random): Draft {
  const d = draft('gather', random);
  const shape = randomShape(random, random.int(1, 3));
  const constantOne = random.pick([-1, 0, 1]);
  if (constantOne === 0) addConstant(d, dtypes[row.activation], shape);
  else addInput(d, dtypes[row.activation], shape, undefined);
  delete d.graph.tensors[d.node.inputs[0]].quant;
  if (constantOne === 1) addConstant(d, 'int32', randomShape(random, random.int(0, 2)));
  else addInput(d, 'int32', randomShape(random, random.int(0, 2)));
  setAttrs(d, { axis: random.int(0, shape.length - 1) });
  addOutput(d, dtypes[row.activation], undefined);
  return d;
}

function scatter(row: KernelRow, random: Random): Draft {
  const d = draft('scatter', random);
  const [depth, inner, count] = [random.int(1, 6), random.int(1, 5), random.int(1, 6)];
  const dtype = dtypes[row.activation];
  addInput(d, dtype, [depth, inner], undefined);
  // Numbers of rows, some of which are none.
  addInput(d, 'int32', [count]);
  addInput(d, dtype, [count, inner], undefined);
  for (const id of d.node.inputs) delete d.graph.tensors[id].quant;
  const combines = row.activation === 'f32' || row.activation === 's32';
  setAttrs(d, { inner, reduction: combines ? random.pick(['add', 'mul', 'min', 'max']) : 'none' });
  addOutput(d, dtype, undefined);
  return d;
}

function layerNorm(row: KernelRow, random: Random): Draft {
  const d = draft('layerNorm', random);
  const depth = random.pick([random.int(1, 12), random.int(1, 12), random.int(100, 400)]);
  addInput(d, dtypes[row.activation], [random.int(1, 4), depth]);
  for (let i = random.int(0, 2); i > 0; i--) addConstant(d, 'float32', [depth]);
  setAttrs(d, { depth, epsilon: random.pick([1e-5, 1e-12, 0.5]), centre: random.chance(0.6) });
  addOutput(d, dtypes[row.activation]);
  return d;
}

function logSoftmax(row: KernelRow, random: Random): Draft {
  const d = draft('logSoftmax', random);
  addInput(d, dtypes[row.activation], [random.int(1, 4), random.pick([random.int(1, 12), random.int(100, 400)])]);
  addOutput(d, dtypes[row.activation]);
  return d;
}

const image = (random: Random): number[] => [1, random.int(1, 5), random.int(1, 5), random.int(1, 4)];
const many = (random: Random, min: number, max: number): number[] =>
  Array.from({ length: random.int(1, 7) }, () => random.int(min, max));

function resize(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const shape = image(random);
  addInput(d, dtypes[row.activation], shape);
  const { quant } = d.graph.tensors[d.node.inputs[0]];
  const [rows, columns] = [many(random, 0, shape[1] - 1), many(random, 0, shape[2] - 1)];
  setAttrs(d, { rows, columns });
  if (row.op === 'resizeLinear')
    setAttrs(d, {
      nextRows: rows.map((r) => Math.min(r + 1, shape[1] - 1)),
      nextColumns: columns.map((c) => Math.min(c + 1, shape[2] - 1)),
      rowWeights: rows.map(() => random.real(0, 1)),
      columnWeights: columns.map(() => random.real(0, 1)),
    });
  if (row.op === 'resizeFilter') setAttrs(d, { ...taps(random, 'row', shape[1]), ...taps(random, 'column', shape[2]) });
  addOutput(d, dtypes[row.activation], quant);
  return d;
}

/** Weights as cubic ones are: some below zero, in sum 1, or now and then nothing. */
function taps(random: Random, name: string, size: number): Attrs {
  const [count, outputs] = [random.int(1, 5), random.int(1, 7)];
  const sources = Array.from({ length: count * outputs }, () => random.int(0, size - 1));
  const weights = Array.from({ length: outputs }, () => {
    const list = Array.from({ length: count }, () => random.real(-0.1, 1));
    const sum = random.chance(0.1) ? Number.POSITIVE_INFINITY : list.reduce((a, b) => a + b, 0.2);
    return list.map((w) => w / sum);
  });
  return { [`${name}Taps`]: count, [`${name}s`]: sources, [`${name}Weights`]: weights.flat() };
}

/** Weights with one scale or one per channel, and sometimes a bias. */
function addWeights(d: Draft, dtype: DType, shape: number[]): void {
  const { random } = d;
  const [channels] = shape;
  if (dtype === 'float32') {
    addConstant(d, dtype, shape);
    if (random.chance(0.5)) addConstant(d, 'float32', [channels]);
    return;
  }
  const count = random.pick([1, channels]);
  const scales = Float64Array.from({ length: count }, () => Math.fround(2 ** random.real(-8, -3)));
  addConstant(d, 'int8', shape, { scales, zeroPoints: new Int32Array(count), axis: 0 });
  const bias = Int32Array.from({ length: channels }, () => random.int(-20_000, 20_000));
  if (dtype === 'int16' && random.chance(0.5))
    addConstant(
      d,
      'int64',
      [channels],
      undefined,
      BigInt64Array.from(bias, (b) => BigInt(b) * 300_000n),
    );
  else if (random.chance(0.5)) addConstant(d, 'int32', [channels], undefined, bias);
}

function transposeConv2d(row: KernelRow, random: Random): Draft {
  const d = draft('transposeConv2d', random);
  const [groups, depth, outputs] = [random.int(1, 2), random.int(1, 3), random.int(1, 3)];
  const kernel = [random.int(1, 3), random.int(1, 3)];
  const [dtype, channels] = [dtypes[row.activation], groups * outputs];
  addInput(d, dtype, [1, random.int(1, 4), random.int(1, 4), groups * depth]);
  addWeights(d, dtype, [channels, ...kernel, depth]);
  const small = (max: number): number[] => [random.int(1, max), random.int(1, max)];
  const pads = kernel.map((k) => random.int(0, Math.floor((k - 1) / 2)));
  setAttrs(d, {
    strides: small(3),
    dilations: small(2),
    pads: [...pads, ...pads],
    outputPadding: [0, random.int(0, 1)],
    groups,
  });
  addOutput(d, dtype);
  return d;
}

export const plainDrafters: Readonly<Record<string, (row: KernelRow, random: Random) => Draft>> = {
  ...Object.fromEntries(pairTable.map(({ op }) => [op, pair])),
  ...Object.fromEntries(reduceTable.map(({ op }) => [op, reduce])),
  argMax: arg,
  argMin: arg,
  constant,
  gather,
  scatter,
  layerNorm,
  logSoftmax,
  resizeNearest: resize,
  resizeLinear: resize,
  resizeFilter: resize,
  transposeConv2d,
  where,
  cast,
  not,
};
