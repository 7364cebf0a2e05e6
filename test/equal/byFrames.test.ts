// SPDX-License-Identifier: Apache-2.0
// `pack --stream`: a model that takes its window frame by frame gives what the window gives, bit by bit.
import { afterAll, describe, expect, it } from 'vitest';
import { runHost } from '../../src/device/hostSamples.js';
import type { HostModel } from '../../src/device/wasm.js';
import { addTensor, elementCount, emptyGraph, type Graph, quantOf } from '../../src/model/graph.js';
import { resetStates } from '../../src/model/state.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { byFrames } from '../../src/passes/byFrames.js';
import { canonicalize } from '../../src/passes/index.js';
import { xorshift32 } from '../../src/xorshift.js';
import { hostOf, ownOf, PackRoom } from '../support/packs.js';
import { describeShared } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const file = 'models/mlperf-tiny/str_ww_ref_model.tflite';
const frames = 1000;

describeShared('the streaming wake word model, frame by frame', () => {
  it(`equals its window over ${frames} frames, at a quarter of the multiplications or less`, async () => {
    const window = await room.pack(file, { target: 'wasm32', name: 'sww' });
    const stream = await room.pack(file, { target: 'wasm32', name: 'sww_frames', stream: true });
    expect(stream.manifest.frames).toEqual({ window: 30, fresh: 1 });
    expect(stream.manifest.macs).toBeLessThanOrEqual(window.manifest.macs / 4);
    // The window on SIMD, which is bit-equal and several times as fast; the frames on plain C.
    const whole: HostModel = await ownOf(window.simd ?? window);
    const host = await hostOf(stream);
    const size = stream.manifest.inputs[0].bytes;
    const next = xorshift32(5);
    const wave = (i: number): number => (i % 7 < 3 ? next() >>> 24 : 128 + 60 * Math.sin(i / 40)) - 128;
    const signal = Int8Array.from({ length: (frames + 29) * size }, (_, i) => wave(i));
    const windowManifest = (window.simd ?? window).manifest;
    const seen = new Set<string>();
    for (let f = 0; f < frames + 29; f++) {
      const [y] = runHost(host, stream.manifest, [signal.subarray(f * size, (f + 1) * size)]);
      if (f < 29) continue;
      const [wanted] = runHost(whole, windowManifest, [signal.subarray((f - 29) * size, (f + 1) * size)]);
      seen.add(wanted.join());
      if (y.join() !== wanted.join()) expect([f, ...(y as Int8Array)]).toEqual([f, ...(wanted as Int8Array)]);
    }
    expect(seen.size).toBeGreaterThan(20);
  });

  it('begins anew after a reset', async () => {
    const stream = await room.pack(file, { target: 'wasm32', name: 'sww_frames', stream: true });
    const host = await hostOf(stream);
    const next = xorshift32(9);
    const inputs = Array.from({ length: 31 }, () =>
      Int8Array.from({ length: stream.manifest.inputs[0].bytes }, () => (next() >>> 24) - 128),
    );
    const all = (): string[] => inputs.map((x) => runHost(host, stream.manifest, [x])[0].join());
    const first = all();
    const goesOn = all();
    host.reset();
    expect(all()).toEqual(first);
    expect(goesOn).not.toEqual(first);
  });

  it('refuses by name a model that pads its window in time', async () => {
    await expect(
      room.pack('models/mlperf-tiny/kws_ref_model.tflite', { target: 'wasm32', stream: true }),
    ).rejects.toThrow(
      /'functional_1\/activation\/Relu' \(conv2d\) cannot run: frame by frame, it pads the beginning and the end/,
    );
  });
});

interface Stack {
  seed: number;
  strides: number[];
  kernels: number[];
  pads?: number[];
}

/** Convolutions in time, a clamp and a sum with a constant between them, an average over time at the end: float32. */
function stackModel({ seed, strides, kernels, pads = [0, 0, 0, 0] }: Stack, windowFrames: number): Graph {
  const next = xorshift32(seed);
  const values = (count: number): Float32Array => Float32Array.from({ length: count }, () => (next() >>> 24) / 128 - 1);
  const graph = emptyGraph('stack', { format: 'mote', quantized: false });
  const computed = (): number => addTensor(graph, { name: `t${graph.tensors.length}`, dtype: 'float32', shape: [] });
  const constant = (shape: number[]): number =>
    addTensor(graph, { name: `c${graph.tensors.length}`, dtype: 'float32', shape, data: values(elementCount(shape)) });
  let at = addTensor(graph, { name: 'x', dtype: 'float32', shape: [1, windowFrames, 3, 2] });
  graph.inputs = [at];
  const push = (op: string, inputs: number[], attrs: Graph['nodes'][number]['attrs']): void => {
    const out = computed();
    graph.nodes.push({ op, name: `${op}${graph.nodes.length}`, inputs, outputs: [out], attrs });
    at = out;
  };
  kernels.forEach((taps, i) => {
    const attrs = { strides: [strides[i], 1], dilations: [1, 1], pads, groups: 1 };
    push('conv2d', [at, constant([2, taps, 1, 2]), constant([2])], attrs);
    if (i === 0) push('logistic', [at], {});
    if (i === 1) push('add', [at, constant([1, 1, 3, 2])], {});
  });
  push('mean', [at], { axes: [1, 2], keepDims: false });
  graph.outputs = [at];
  return canonicalize(graph);
}

describe('byFrames', () => {
  it.each<[string, Stack, number, number]>([
    ['no strides', { seed: 1, strides: [1, 1], kernels: [3, 2] }, 9, 1],
    ['a stride in front', { seed: 2, strides: [2, 1], kernels: [2, 3] }, 10, 2],
    ['strides one after the other', { seed: 3, strides: [2, 2], kernels: [3, 3] }, 15, 4],
    ['a window that the layers use up', { seed: 4, strides: [1, 1], kernels: [3, 4] }, 6, 1],
  ])('%s: what the window gives, every time', (_, stack, windowFrames, newFrames) => {
    const graph = stackModel(stack, windowFrames);
    const frame = byFrames(graph);
    expect([frame.windowFrames, frame.newFrames]).toEqual([windowFrames, newFrames]);
    const size = 6 * newFrames;
    const next = xorshift32(77);
    const steps = 12 + windowFrames;
    const signal = Float32Array.from({ length: steps * size }, () => (next() >>> 24) / 64 - 2);
    const state = resetStates(frame.graph);
    let compared = 0;
    for (let k = 0; k < steps; k++) {
      const end = (k + 1) * size;
      const [y] = evaluateGraph(frame.graph, [signal.slice(k * size, end)], { rounding: 'single', state });
      if (end < windowFrames * 6) continue;
      const [wanted] = evaluateGraph(graph, [signal.slice(end - windowFrames * 6, end)], { rounding: 'single' });
      expect([k, ...(y as Float32Array)]).toEqual([k, ...(wanted as Float32Array)]);
      compared++;
    }
    expect(compared).toBeGreaterThan(10);
  });

  const sentence = (graph: Graph): string => {
    try {
      byFrames(graph);
    } catch (error) {
      return (error as Error).message;
    }
    return 'it was converted';
  };

  it('says by name what does not go frame by frame', () => {
    const padded = { seed: 1, strides: [1, 1], kernels: [3, 2], pads: [2, 0, 0, 0] };
    expect(sentence(stackModel(padded, 9))).toMatch(
      /'conv2d0' \(conv2d\).* it pads the beginning of the window in time/,
    );
    expect(sentence(stackModel({ seed: 1, strides: [2, 1], kernels: [3, 1] }, 10))).toMatch(
      /leave out the last of 10 frames/,
    );
    expect(sentence(stackModel({ seed: 1, strides: [3, 1], kernels: [2, 1] }, 8))).toMatch(
      /stride of 3 leaves out frames/,
    );
    const flat = emptyGraph('flat', { format: 'mote', quantized: false });
    flat.inputs = [addTensor(flat, { name: 'x', dtype: 'int8', shape: [1, 490], quant: quantOf(1, 0) })];
    expect(sentence(flat)).toMatch(/has no frames on axis 1/);
  });
});
