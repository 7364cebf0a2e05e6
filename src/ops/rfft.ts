// SPDX-License-Identifier: Apache-2.0
// rfft: spectra of frames (realFft.ts). int16 is scaled up as far as each frame allows, by the exponent in bin 0, and down
// by its length: tflite-micro's SignalFftAutoScale and SignalRfft. int32 is not scaled.
import { type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { realFft, twiddlesOf } from './realFft.js';
import { bitLength, frameShape, framesOf, type Rows } from './signal.js';
import { constant } from './weighted.js';

const [leastSize, mostSize] = [8, 4096];

function rowsOf(node: Node, graph: Graph): Rows {
  const rows = framesOf(node, graph, ['int16', 'int32']);
  if (!Number.isInteger(Math.log2(rows.size)) || rows.size < leastSize || rows.size > mostSize)
    badShape(node, `its frames of ${rows.size} samples are not a power of two from ${leastSize} to ${mostSize}`);
  return rows;
}

const exponentOf = (frame: Int16Array): number =>
  Math.max(0, 15 - bitLength(frame.reduce((most, x) => Math.max(most, Math.abs(x)), 0)));

/** Multiplications of an FFT. */
function multiplications(size: number): number {
  const [half, bits] = [size / 2, Math.log2(size / 2)];
  return Math.floor(bits / 2) * 3 * half + (bits % 2) * 2 * half + 2 * half;
}

export const rfft: OpSpec = {
  op: 'rfft',
  infer(node, graph) {
    const { frames, size } = rowsOf(node, graph);
    return [{ shape: frameShape(frames, size), dtype: inputOf(node, graph, 0).dtype }];
  },
  macs(node, graph) {
    const { frames, size } = rowsOf(node, graph);
    return frames * multiplications(size);
  },
  lower(node, { graph }) {
    const { frames, size } = rowsOf(node, graph);
    const { turns, split } = twiddlesOf(size);
    return kernelCall(
      'rfft',
      [inputOf(node, graph, 0).dtype === 'int16' ? 's16' : 's32'],
      [
        ['frames', frames],
        ['size', size],
        ['turns', constant('turns', 'int16', turns, [turns.length / 2, 2])],
        ['split', constant('split', 'int16', split, [split.length / 2, 2])],
      ],
    );
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const { frames, size } = rowsOf(node, graph);
    const kind = inputOf(node, graph, 0).dtype as 'int16' | 'int32';
    const x = given(node, inputs, 0);
    const twiddles = twiddlesOf(size);
    const out = makeData(kind, x.length) as Int32Array;
    for (let f = 0; f < frames; f++) {
      const frame = x.slice(f * size, (f + 1) * size);
      const exponent = kind === 'int16' ? exponentOf(frame as Int16Array) : 0;
      out.set(realFft(frame, kind, twiddles, exponent), f * size);
    }
    return [out];
  },
};
