// SPDX-License-Identifier: Apache-2.0
// spectrum: power (of int16) or magnitude (of int32) of each bin in [from, to), as a word; other bins are 0, and bin 0 is
// the exponent that the FFT left there. A magnitude is exact to 16 bits.
import { type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { frameShape, framesOf } from './signal.js';

interface Bins {
  frames: number;
  bins: number;
  from: number;
  to: number;
  wide: boolean;
}

function binsOf(node: Node, graph: Graph): Bins {
  const { frames, size } = framesOf(node, graph, ['int16', 'int32']);
  if (size % 2 !== 0) badShape(node, `its ${size} numbers are no complex ones`);
  const bins = size / 2;
  const from = int(node, 'from', { min: 1, max: bins });
  const to = int(node, 'to', { min: from, max: bins });
  return { frames, bins, from, to, wide: inputOf(node, graph, 0).dtype === 'int32' };
}

/** The root of 32 bits of what is below 2^64, of which the rest is left out. */
function magnitude(re: number, im: number): number {
  let square = BigInt(re) * BigInt(re) + BigInt(im) * BigInt(im);
  let shift = 0;
  for (; square >> 32n !== 0n; shift++) square >>= 2n;
  return Math.floor(Math.sqrt(Number(square))) * 2 ** shift;
}

export const spectrum: OpSpec = {
  op: 'spectrum',
  infer(node, graph) {
    const { frames, bins } = binsOf(node, graph);
    return [{ shape: frameShape(frames, bins), dtype: 'int32' }];
  },
  macs(node, graph) {
    const { frames, from, to } = binsOf(node, graph);
    return 2 * frames * (to - from);
  },
  lower(node, { graph }) {
    const b = binsOf(node, graph);
    const fields: [string, number][] = [
      ['frames', b.frames],
      ['bins', b.bins],
      ['from', b.from],
      ['to', b.to],
    ];
    const call = kernelCall('spectrum', b.wide ? ['s32', 's32'] : ['s16', 's32'], fields);
    return { ...call, overlap: { input: 0, lagBytes: 0 } };
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const { frames, bins, from, to, wide } = binsOf(node, graph);
    const x = given(node, inputs, 0);
    const out = makeData('int32', frames * bins) as Int32Array;
    for (let f = 0; f < frames; f++) {
      out[f * bins] = x[2 * f * bins + 1];
      for (let k = from; k < to; k++) {
        const [re, im] = [x[2 * (f * bins + k)], x[2 * (f * bins + k) + 1]];
        out[f * bins + k] = wide ? magnitude(re, im) : re * re + im * im;
      }
    }
    return [out];
  },
};
