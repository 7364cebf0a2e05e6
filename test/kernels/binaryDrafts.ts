// SPDX-License-Identifier: Apache-2.0
// Random layers of signs, and bits for them.
import { elementCount, type Node, quantOf, type Tensor, type TensorData } from '../../src/model/graph.js';
import { channelMask, wordsOf } from '../../src/ops/bits.js';
import type { KernelRow } from '../../src/ops/kernels.js';
import { addConstant, addInput, addOutput, type Draft, draft, maybeActivation, randomData, setAttrs } from './draft.js';
import type { Random } from './random.js';

/** Whole words, one less, one more; and few. */
const channelCount = (random: Random): number =>
  random.pick([random.int(1, 9), random.pick([32, 64, 96]) + random.int(-1, 1), random.pick([32, 64])]);

/** Words whose bits past the last channel are 0. */
function randomBits(random: Random, pixels: number, channels: number): Int32Array {
  const words = wordsOf(channels);
  const odd = random.pick([0, 0, 0, -1]);
  return Int32Array.from({ length: pixels * words }, (_, i) => {
    const word = odd || random.int(0, 65_535) | (random.int(0, 65_535) << 16);
    return word & channelMask(channels, i % words);
  });
}

/** Data for a call's input. */
export function inputData(random: Random, tensor: Tensor, node: Node | undefined): TensorData {
  const count = elementCount(tensor.shape);
  // Positions: before, within and behind what there is.
  if (tensor.dtype === 'int32' && ['position', 'cachedAttention', 'compactAttention'].includes(node?.op ?? ''))
    return Int32Array.of(random.int(-2, node?.op === 'position' ? 3000 : 14));
  if (node?.op !== 'binaryConv2d') return randomData(random, tensor.dtype, count);
  return randomBits(random, count / (tensor.shape.at(-1) ?? 1), Number(node.attrs.channels));
}

export function binarize(row: KernelRow, random: Random): Draft {
  const d = draft('binarize', random);
  const channels = channelCount(random);
  const size = [random.int(1, 4), random.int(1, 4)];
  addInput(d, row.activation === 'f32' ? 'float32' : 'int8', [1, ...size, channels]);
  setAttrs(d, { strict: random.chance(0.3) });
  addOutput(d, 'int32');
  return d;
}

function windowAttrs(d: Draft): void {
  const { random } = d;
  const small = (max: number): number[] => [random.int(1, max), random.int(1, max)];
  setAttrs(d, {
    strides: random.chance(0.5) ? [1, 1] : small(3),
    dilations: random.chance(0.7) ? [1, 1] : small(3),
    pads: random.chance(0.4) ? [0, 0, 0, 0] : Array.from({ length: 4 }, () => random.int(0, 2)),
    padValue: random.pick([0, 0, 1, -1]),
  });
}

export function binaryConv2d(row: KernelRow, random: Random): Draft {
  const d = draft('binaryConv2d', random);
  // Of two words, into whole words: some kernels take those pixels as they are.
  const direct = random.chance(0.2);
  const channels = direct ? random.int(33, 64) : channelCount(random);
  const outC = direct ? random.pick([32, 64]) : random.chance(0.4) ? random.int(1, 7) : channelCount(random);
  const [h, w] = random.chance(0.15) ? [1, 1] : [random.int(1, 7), random.int(1, 9)];
  const [kernelH, kernelW] = direct
    ? [1, 1]
    : random.pick([
        [1, 1],
        [3, 3],
        [random.int(1, 4), random.int(1, 4)],
      ]);
  addInput(d, 'int32', [1, h, w, wordsOf(channels)]);
  windowAttrs(d);
  if (direct) setAttrs(d, { strides: [1, 1], pads: [0, 0, 0, 0] });
  setAttrs(d, { channels, ...(row.weight === 'b1' && random.chance(0.3) ? { strict: true } : {}) });
  const taps = kernelH * kernelW * channels;
  const shape = [outC, kernelH, kernelW, wordsOf(channels)];
  addConstant(d, 'int32', shape, undefined, randomBits(random, outC * kernelH * kernelW, channels));
  const per = (value: () => number): Float32Array => Float32Array.from({ length: outC }, value);
  const scale = 2 ** random.real(-6, 2);
  addConstant(
    d,
    'float32',
    [outC],
    undefined,
    per(() => scale * random.pick([random.real(-1, 1), 1, 0])),
  );
  const spread = scale * Math.sqrt(taps);
  addConstant(
    d,
    'float32',
    [outC],
    undefined,
    per(() => random.pick([random.real(-1, 1), 0, 9]) * spread),
  );
  if (row.weight === 's8') addOutput(d, 'int8', quantOf(Math.fround(spread / 64), random.int(-128, 127)));
  else addOutput(d, row.weight === 'b1' ? 'int32' : 'float32', undefined);
  maybeActivation(d);
  return d;
}
