// SPDX-License-Identifier: Apache-2.0
// audioFrames: cuts samples into frames that overlap, weighs each with a window and fills it up with zeros to the length of
// an FFT. int16 as tflite-micro's SignalWindow; int32 keeps the bits that int16 would lose.
import { elementCount, type Graph, makeData, type Node, type TensorData } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';
import { clampTo } from './requantize.js';
import { frameShape, framesOf } from './signal.js';
import { constant } from './weighted.js';

interface Geometry {
  frames: number;
  window: number;
  hop: number;
  size: number;
  shift: number;
  wide: boolean;
}

const maxSize = 4096;

function geometry(node: Node, graph: Graph): Geometry {
  const { frames: samples, size: channels } = framesOf(node, graph, ['int16']);
  if (channels !== 1) badShape(node, `its input has ${channels} channels, not 1`);
  const weights = inputOf(node, graph, 1);
  const window = elementCount(weights.shape);
  if (weights.dtype !== 'int16' || !weights.data || weights.shape.length !== 1)
    badShape(node, 'its window is not a list of constant int16');
  const hop = int(node, 'hop', { min: 1, max: samples });
  const size = int(node, 'size', { min: window, max: maxSize });
  const bits = int(node, 'bits', { min: 16, max: 32 });
  if (bits !== 16 && bits !== 32) badShape(node, "'bits' must be 16 or 32");
  if (samples < window) badShape(node, `${samples} samples are less than a window of ${window}`);
  const shift = int(node, 'shift', { min: 0, max: 15 });
  return { frames: 1 + Math.floor((samples - window) / hop), window, hop, size, shift, wide: bits === 32 };
}

export const audioFrames: OpSpec = {
  op: 'audioFrames',
  infer(node, graph) {
    const { frames, size, wide } = geometry(node, graph);
    return [{ shape: frameShape(frames, size), dtype: wide ? 'int32' : 'int16' }];
  },
  macs(node, graph) {
    const { frames, window } = geometry(node, graph);
    return frames * window;
  },
  lower(node, { graph }) {
    const g = geometry(node, graph);
    return kernelCall(
      'audioFrames',
      ['s16', g.wide ? 's32' : 's16'],
      [
        ['frames', g.frames],
        ['hop', g.hop],
        ['length', g.window],
        ['size', g.size],
        ['shift', g.shift],
        ['window', constant('window', 'int16', inputOf(node, graph, 1).data as Int16Array, [g.window])],
      ],
    );
  },
  evaluate(node, inputs, { graph }): TensorData[] {
    const g = geometry(node, graph);
    const [x, window] = [given(node, inputs, 0), given(node, inputs, 1)];
    const out = makeData(g.wide ? 'int32' : 'int16', g.frames * g.size) as Int32Array;
    for (let f = 0; f < g.frames; f++)
      for (let i = 0; i < g.window; i++) {
        const product = (x[f * g.hop + i] * window[i]) >> g.shift;
        out[f * g.size + i] = g.wide ? product : clampTo(product, -32768, 32767);
      }
    return [out];
  },
};
