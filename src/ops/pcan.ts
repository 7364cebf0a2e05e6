// SPDX-License-Identifier: Apache-2.0
// pcan: per-channel normalization of amplitudes. Each channel is multiplied with a gain that falls with its noise (a curve
// of 32 parabolas, `gainCurve`), and shrunk below 2: tflite-micro's SignalPCAN.
import { type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { bitLength, framesOf, type Rows } from './signal.js';
import { constant } from './weighted.js';

/** Bits behind the point of the ratio of signal and noise, and of what comes out. */
const [ratioBits, outputBits] = [12, 6];
/** Two single values and 31 intervals of four numbers, the last of which is not stored. */
export const curveLength = 4 * 32 - 3;

function rowsOf(node: Node, graph: Graph): Rows & { shift: number } {
  const rows = framesOf(node, graph, ['int32']);
  const noise = framesOf(node, graph, ['int32'], 1);
  if (noise.frames !== rows.frames || noise.size !== rows.size) badShape(node, 'signal and noise differ in shape');
  const { data } = inputOf(node, graph, 2);
  if (!(data instanceof Int16Array) || data.length !== curveLength)
    badShape(node, `its gain is not ${curveLength} constant int16`);
  return { ...rows, shift: int(node, 'shift', { min: 1, max: 31 }) };
}

/** The parabola of the interval that the word's highest bit names; results wrap as int32 and int16 do. */
export function gainAt(word: number, curve: ArrayLike<number>): number {
  if (word <= 2) return curve[word];
  const bits = bitLength(word);
  const at = 4 * bits - 6;
  const fraction = (bits < 11 ? word << (11 - bits) : word >>> (bits - 11)) & 0x3ff;
  const slope = (((curve[at + 2] * fraction) >> 5) + (curve[at + 1] << 5)) | 0;
  const rise = ((Math.imul(slope, fraction) + (1 << 14)) | 0) >> 15;
  return ((rise + curve[at]) << 16) >> 16;
}

function shrink(ratio: number): number {
  if (ratio < 2 << ratioBits) return (ratio * ratio) >>> (2 + 2 * ratioBits - outputBits);
  return (ratio >>> (ratioBits - outputBits)) - (1 << outputBits);
}

export const pcan: OpSpec = {
  op: 'pcan',
  infer(node, graph) {
    rowsOf(node, graph);
    return [{ shape: [...inputOf(node, graph, 0).shape], dtype: 'int32' }];
  },
  macs(node, graph) {
    const { frames, size } = rowsOf(node, graph);
    return 3 * frames * size;
  },
  inPlace: () => [0, 1],
  lower(node, { graph }) {
    const { frames, size, shift } = rowsOf(node, graph);
    const curve = inputOf(node, graph, 2).data as Int16Array;
    return kernelCall(
      'pcan',
      ['s32'],
      [
        ['count', frames * size],
        ['shift', shift],
        ['curve', constant('curve', 'int16', curve, [curve.length])],
      ],
      [0, 1],
    );
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const { shift } = rowsOf(node, graph);
    const [x, noise, curve] = [0, 1, 2].map((i) => given(node, inputs, i));
    const out = makeData('int32', x.length) as Int32Array;
    for (let i = 0; i < x.length; i++) {
      const gain = gainAt(noise[i] >>> 0, curve) >>> 0;
      const ratio = Number(BigInt.asUintN(32, (BigInt(x[i] >>> 0) * BigInt(gain)) >> BigInt(shift)));
      out[i] = shrink(ratio);
    }
    return [out];
  },
};
