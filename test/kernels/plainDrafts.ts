// SPDX-License-Identifier: Apache-2.0
// Random nodes of the operators on plain numbers: pairs, choices, conversions, and what moves elements by numbers.
import type { DType } from '../../src/model/graph.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { pairTable } from '../../src/ops/pairTable.js';
import { addConstant, addInput, addOutput, type Draft, draft, setAttrs } from './draft.js';
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

export const plainDrafters: Readonly<Record<string, (row: KernelRow, random: Random) => Draft>> = {
  ...Object.fromEntries(pairTable.map(({ op }) => [op, pair])),
  where,
  cast,
  not,
};
