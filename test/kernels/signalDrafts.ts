// SPDX-License-Identifier: Apache-2.0
// Random operators of audio front ends.
import { quantOf } from '../../src/model/graph.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { curveLength } from '../../src/ops/pcan.js';
import { addConstant, addInput, addOutput, type Draft, draft, randomData, setAttrs } from './draft.js';
import type { Random } from './random.js';

const frames = (random: Random): number => random.int(1, 3);

const positive = (random: Random, count: number): Int16Array =>
  (randomData(random, 'int16', count) as Int16Array).map((w) => (w < 0 ? ~w : w));

export function audioFrames(row: KernelRow, random: Random): Draft {
  const d = draft('audioFrames', random);
  const [length, hop] = [random.int(1, 20), random.int(1, 12)];
  addInput(d, 'int16', [1, length + random.int(0, 30), 1, 1]);
  const { shape } = d.graph.tensors[d.node.inputs[0]];
  addConstant(d, 'int16', [length]);
  const bits = row.weight === 's32' ? 32 : 16;
  setAttrs(d, { hop: Math.min(hop, shape[1]), size: length + random.int(0, 12), bits, shift: random.int(0, 15) });
  addOutput(d, bits === 32 ? 'int32' : 'int16', undefined);
  return d;
}

export function rfft(row: KernelRow, random: Random): Draft {
  const d = draft('rfft', random);
  const dtype = row.activation === 's16' ? 'int16' : 'int32';
  addInput(d, dtype, [1, frames(random), 1, random.pick([8, 16, 32, 64, 128, 512])], undefined);
  addOutput(d, dtype, undefined);
  return d;
}

export function spectrum(row: KernelRow, random: Random): Draft {
  const d = draft('spectrum', random);
  const bins = random.int(2, 40);
  const from = random.int(1, bins);
  addInput(d, row.activation === 's16' ? 'int16' : 'int32', [1, frames(random), 1, 2 * bins], undefined);
  setAttrs(d, { from, to: random.int(from, bins) });
  addOutput(d, 'int32', undefined);
  return d;
}

export function filterBank(_: KernelRow, random: Random): Draft {
  const d = draft('filterBank', random);
  const bins = random.int(4, 40);
  const starts = Array.from({ length: random.int(1, 8) }, () => random.int(1, bins));
  const widths = starts.map((s) => random.int(0, bins - s));
  const count = Math.max(
    1,
    widths.reduce((a, b) => a + b, 0),
  );
  addInput(d, 'int32', [1, frames(random), 1, bins]);
  addConstant(d, 'int16', [count], undefined, positive(random, count));
  setAttrs(d, { starts, widths, root: random.chance(0.5), shift: random.int(0, 31) });
  addOutput(d, 'int32', undefined);
  return d;
}

export function noiseReduction(_: KernelRow, random: Random): Draft {
  const d = draft('noiseReduction', random);
  const channels = random.int(1, 12);
  const share = (): number => random.int(0, 2 ** 14);
  addInput(d, 'int32', [1, frames(random), 1, channels]);
  setAttrs(d, { evenSmoothing: share(), oddSmoothing: share(), smoothingBits: random.int(0, 16), least: share() });
  if (random.chance(0.5)) addInput(d, 'int32', [1, 1, 1, channels]);
  for (let i = 0; i < 3; i++) addOutput(d, 'int32', undefined);
  return d;
}

export function pcan(_: KernelRow, random: Random): Draft {
  const d = draft('pcan', random);
  const shape = [1, frames(random), 1, random.int(1, 12)];
  addInput(d, 'int32', shape);
  addInput(d, 'int32', shape);
  addConstant(d, 'int16', [curveLength]);
  setAttrs(d, { shift: random.int(1, 31) });
  addOutput(d, 'int32', undefined);
  return d;
}

export function logScale(row: KernelRow, random: Random): Draft {
  const d = draft('logScale', random);
  addInput(d, 'int32', [1, frames(random), 1, random.int(1, 12)]);
  const features = {
    correctionBits: random.int(0, 12),
    scale: random.int(1, 1024),
    divisor: random.pick([666, random.int(1, 4000)]),
    zero: random.int(-128, 127),
  };
  setAttrs(
    d,
    row.weight === 's8' ? features : { offset: random.int(1, 2 ** random.int(1, 27)), bias: random.int(0, 1_500_000) },
  );
  addOutput(d, row.weight === 's8' ? 'int8' : 'int32', undefined);
  return d;
}

export function dct(_: KernelRow, random: Random): Draft {
  const d = draft('dct', random);
  const channels = random.int(1, 40);
  addInput(d, 'int32', [1, frames(random), 1, channels]);
  addConstant(d, 'int16', [random.int(1, 10), channels]);
  setAttrs(d, { bits: random.int(0, 17) });
  addOutput(d, 'int8', quantOf(Math.fround(2 ** random.real(-4, 14)), random.int(-128, 127)));
  return d;
}
