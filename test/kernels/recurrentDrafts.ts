// SPDX-License-Identifier: Apache-2.0
// Random recurrent layers.
import { quantOf, type TensorData } from '../../src/model/graph.js';
import { cellKinds } from '../../src/ops/cell.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { addConstant, addInput, addOutput, type Draft, draft, maybeActivation, setAttrs } from './draft.js';
import type { Random } from './random.js';

const noTensor = -1;
const scale = (random: Random, low: number, high: number): number => Math.fround(2 ** random.real(low, high));

export function svdf(row: KernelRow, random: Random): Draft {
  const d = draft('svdf', random);
  const rank = random.pick([1, 1, 2, 3]);
  const [batch, inputs, filters, memory] = [
    random.pick([1, 1, 2]),
    random.int(1, 20),
    rank * random.int(1, 6),
    random.int(1, 9),
  ];
  setAttrs(d, { rank });
  const float = row.activation === 'f32';
  const state = float ? 'float32' : row.weight === 's16' ? 'int16' : 'int8';
  addInput(d, float ? 'float32' : 'int8', [batch, inputs]);
  const weights = (dtype: 'float32' | 'int8' | 'int16', shape: number[]): void =>
    addConstant(d, dtype, shape, dtype === 'float32' ? undefined : quantOf(scale(random, -9, -4), 0));
  weights(float ? 'float32' : 'int8', [filters, inputs]);
  weights(state, [filters, memory]);
  if (random.chance(0.3)) d.node.inputs.push(noTensor);
  else if (float) addConstant(d, 'float32', [filters / rank]);
  else {
    const data = Int32Array.from({ length: filters / rank }, () => random.int(-20_000, 20_000));
    addConstant(d, 'int32', [filters / rank], undefined, data);
  }
  addInput(d, state, [batch, filters * memory]);
  // int16 weights and state make sums that only a small factor brings back to eight bits.
  addOutput(
    d,
    float ? 'float32' : 'int8',
    state === 'int16' ? quantOf(scale(random, -4, 4), random.int(-128, 127)) : undefined,
  );
  addOutput(d, state, undefined);
  maybeActivation(d);
  return d;
}

/** Weights and recurrent weights of `gates` gates, with a scale for each, and their bias. */
function addGates(d: Draft, row: KernelRow, gates: number, biases: number, [inputs, hidden]: [number, number]): void {
  const { random } = d;
  const float = row.activation === 'f32';
  for (const width of [inputs, hidden]) {
    const scales = Float64Array.from({ length: gates }, () => scale(random, -9, -5));
    const perRow = Float64Array.from({ length: gates * hidden }, (_, i) => scales[Math.floor(i / hidden)]);
    const quant = { scales: perRow, zeroPoints: new Int32Array(gates * hidden), axis: 0 };
    addConstant(d, float ? 'float32' : 'int8', [gates * hidden, width], float ? undefined : quant);
  }
  const count = biases * hidden;
  if (random.chance(0.2)) d.node.inputs.push(noTensor);
  else if (float) addConstant(d, 'float32', [count]);
  else {
    const values = Array.from({ length: count }, () => random.int(-3000, 3000));
    const wide = row.activation === 's16' && row.op === 'lstm';
    const data: TensorData = wide ? BigInt64Array.from(values, (v) => BigInt(v) * 100n) : Int32Array.from(values);
    addConstant(d, wide ? 'int64' : 'int32', [count], undefined, data);
  }
}

/** Sequence and layout; the input itself. */
function addSequence(d: Draft, row: KernelRow): { batch: number; inputs: number; hidden: number } {
  const { random } = d;
  const [steps, batch, inputs, hidden] = [random.int(1, 4), random.pick([1, 1, 2]), random.int(1, 6), random.int(1, 6)];
  const batchFirst = random.chance(0.5);
  setAttrs(d, { batchFirst, reverse: random.chance(0.3) });
  const dtype = ({ f32: 'float32', s8: 'int8', s16: 'int16' } as const)[row.activation as 'f32' | 's8' | 's16'];
  addInput(d, dtype, batchFirst ? [batch, steps, inputs] : [steps, batch, inputs]);
  return { batch, inputs, hidden };
}

const randomActivations = (
  random: Random,
  usual: readonly string[],
): { kind: string; alpha?: number; beta?: number }[] =>
  random.chance(0.4)
    ? usual.map((kind) => ({ kind }))
    : usual.map(() => ({
        kind: random.pick(Object.keys(cellKinds)),
        alpha: Math.fround(random.real(0.1, 1)),
        beta: Math.fround(random.real(0.1, 1)),
      }));

export function lstm(row: KernelRow, random: Random): Draft {
  const d = draft('lstm', random);
  const float = row.activation === 'f32';
  const dtype = float ? 'float32' : row.activation === 's8' ? 'int8' : 'int16';
  const { batch, inputs, hidden } = addSequence(d, row);
  addGates(d, row, 4, 4, [inputs, hidden]);
  if (float && random.chance(0.4)) addConstant(d, 'float32', [3 * hidden]);
  else d.node.inputs.push(noTensor);
  const output = float
    ? undefined
    : quantOf(scale(random, -8, -6) / (dtype === 'int16' ? 256 : 1), dtype === 'int16' ? 0 : random.int(-40, 40));
  const cell = float ? undefined : quantOf(2 ** random.int(-15, -10), 0);
  const given = random.chance(0.7);
  if (given) addInput(d, dtype, [batch, hidden], output);
  else d.node.inputs.push(noTensor);
  if (given || random.chance(0.5)) addInput(d, float ? 'float32' : 'int16', [batch, hidden], cell);
  else d.node.inputs.push(noTensor);
  setAttrs(d, {
    activations: float
      ? randomActivations(random, ['sigmoid', 'tanh', 'tanh'])
      : [{ kind: 'sigmoid' }, { kind: 'tanh' }, { kind: 'tanh' }],
    gateClip: float && random.chance(0.3) ? random.real(0.5, 4) : null,
    cellClip: random.chance(0.3) ? random.real(0.05, 1) : null,
  });
  addOutput(d, dtype, output);
  addOutput(d, dtype, output);
  addOutput(d, float ? 'float32' : 'int16', cell);
  return d;
}

export function slide(_: KernelRow, random: Random): Draft {
  const d = draft('slide', random);
  const dtype = random.pick(['int8', 'int16', 'float32'] as const);
  const [rest, fresh] = [[random.int(1, 3), random.int(1, 5)], random.int(1, 4)];
  addInput(d, dtype, [1, fresh + random.int(1, 9), ...rest], undefined);
  addInput(d, dtype, [1, fresh, ...rest], undefined);
  addOutput(d, dtype, undefined);
  return d;
}

/** gru and rnn. */
export function hiddenLayer(row: KernelRow, random: Random): Draft {
  const d = draft(row.op, random);
  const float = row.activation === 'f32';
  const wide = row.activation === 's16';
  const dtype = float ? 'float32' : wide ? 'int16' : 'int8';
  const { batch, inputs, hidden } = addSequence(d, row);
  const isGru = row.op === 'gru';
  addGates(d, row, isGru ? 3 : 1, isGru ? 6 : 1, [inputs, hidden]);
  const output = float ? undefined : quantOf(scale(random, -8, -6) / (wide ? 256 : 1), wide ? 0 : random.int(-40, 40));
  if (random.chance(0.7)) addInput(d, dtype, [batch, hidden], output);
  else d.node.inputs.push(noTensor);
  const usual = isGru ? ['sigmoid', 'tanh'] : ['tanh'];
  setAttrs(d, {
    activations: float ? randomActivations(random, usual) : usual.map((kind) => ({ kind })),
    gateClip: float && random.chance(0.3) ? random.real(0.5, 4) : null,
    resetAfter: random.chance(0.5),
  });
  addOutput(d, dtype, output);
  addOutput(d, dtype, output);
  return d;
}
