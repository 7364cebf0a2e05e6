// SPDX-License-Identifier: Apache-2.0
// Single layers in the shapes that CMSIS-NN and muRISCV-NN were counted with, on every emulated board.
import { join } from 'node:path';
import { loadBoard, loadTarget } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { withWorkFolder } from '../src/build/workFolder.js';
import { writeFolder } from '../src/cli/files.js';
import type { Device } from '../src/device/device.js';
import { startDevice } from '../src/device/startDevice.js';
import { type Part, partsProgram, stepOf } from '../src/emit/testing/partsProgram.js';
import type { Target } from '../src/generated/target.js';
import { inParallel } from '../src/inParallel.js';
import {
  type Attrs,
  addTensor,
  elementCount,
  emptyGraph,
  type Graph,
  quantOf,
  type TensorData,
  tensorBytes,
} from '../src/model/graph.js';
import { bytesOf } from '../src/model/tensorData.js';
import { evaluateGraph } from '../src/ops/evaluateGraph.js';
import { opSpec } from '../src/ops/index.js';
import type { Rounding } from '../src/ops/op.js';
import { planGraph } from '../src/plan/planGraph.js';
import { addBinaryLayer, signBits } from './binaryLayer.js';
import { benchBoards } from './boards.js';
import { storeAs } from './fitShapes.js';

export interface KernelRow {
  kernel: string;
  target: string;
  shape: string;
  rounding: Rounding;
  instructions: number;
  perMac: number;
}

interface LayerShape {
  shape: string;
  op: string;
  input: number[];
  weights: number[];
  attrs: Attrs;
  /** Default: int8. */
  activations?: 'int16';
  /** How the weights are stored, where they are not plain int8. */
  encoding?: string;
  /** Of a binaryConv2d: what it gives. */
  output?: 'int32' | 'int8';
}

const window = (pad: number): Attrs => ({ strides: [1, 1], dilations: [1, 1], pads: [pad, pad, pad, pad] });

const int8Shapes: readonly LayerShape[] = [
  {
    shape: '1x1 conv 12x12 64->64',
    op: 'conv2d',
    input: [1, 12, 12, 64],
    weights: [64, 1, 1, 64],
    attrs: { ...window(0), groups: 1 },
  },
  {
    shape: '3x3 conv 32x32 16->16',
    op: 'conv2d',
    input: [1, 32, 32, 16],
    weights: [16, 3, 3, 16],
    attrs: { ...window(1), groups: 1 },
  },
  {
    shape: '3x3 depthwise 12x12x64',
    op: 'depthwiseConv2d',
    input: [1, 12, 12, 64],
    weights: [1, 3, 3, 64],
    attrs: { ...window(1), multiplier: 1 },
  },
  { shape: 'fc 640->128', op: 'fullyConnected', input: [1, 640], weights: [128, 640], attrs: {} },
];

const packed = (layer: LayerShape, encodings: readonly string[]): LayerShape[] =>
  encodings.map((encoding) => ({ ...layer, shape: `${layer.shape}, ${encoding}`, encoding }));

const packedShapes: readonly LayerShape[] = [
  ...packed(int8Shapes[0], ['int4', 'int4g32', 'ternary', 'sparse1:4', 'binary']),
  ...packed(int8Shapes[3], ['int4']),
];

const wide3x3: LayerShape = {
  shape: '3x3 conv 12x12 64->64',
  op: 'conv2d',
  input: [1, 12, 12, 64],
  weights: [64, 3, 3, 64],
  attrs: { ...window(1), groups: 1 },
};

/** Signs by signs, giving signs or int8; zeros around the image. */
const binaryShapes: readonly LayerShape[] = [int8Shapes[0], wide3x3].flatMap((layer) =>
  (['int32', 'int8'] as const).map((output) => ({
    ...layer,
    op: 'binaryConv2d',
    shape: `${layer.shape}, signs to ${output === 'int8' ? 'int8' : 'signs'}`,
    output,
  })),
);

const shapes: readonly LayerShape[] = [
  ...int8Shapes,
  wide3x3,
  ...binaryShapes,
  ...packedShapes,
  ...int8Shapes.map((layer) => ({ ...layer, shape: `${layer.shape}, int16`, activations: 'int16' as const })),
];

/** The same bytes every time. */
function noise(count: number, seed: number): Int8Array {
  let s = seed;
  return Int8Array.from({ length: count }, () => {
    s = (Math.imul(s, 1664525) + 1013904223) | 0;
    return s >>> 24;
  });
}

/** The same 16-bit numbers every time. */
const wideNoise = (count: number, seed: number): Int16Array => new Int16Array(noise(2 * count, seed).buffer);

/** TensorFlow Lite's quantization specification keeps int8 weights to -127 … 127. */
const symmetric = (weights: Int8Array): Int8Array => weights.map((w) => Math.max(-127, w));

function layerGraph({ op, input, weights, attrs, activations, encoding, output }: LayerShape): Graph {
  const graph = emptyGraph('layer', { format: 'mote', quantized: true });
  if (output) {
    addBinaryLayer(graph, { input, weights, attrs, output });
    return graph;
  }
  const outC = op === 'depthwiseConv2d' ? weights[3] : weights[0];
  const wide = activations === 'int16';
  const scales = Float64Array.from({ length: outC }, (_, c) => Math.fround(0.002 + 0.0001 * (c % 7)));
  const x = addTensor(graph, {
    name: 'input',
    dtype: activations ?? 'int8',
    shape: input,
    quant: wide ? quantOf(Math.fround(0.05 / 256), 0) : quantOf(Math.fround(0.05), 3),
  });
  const w = addTensor(graph, {
    name: 'weights',
    dtype: 'int8',
    shape: weights,
    data: symmetric(noise(elementCount(weights), 1)),
    quant: { scales, zeroPoints: new Int32Array(outC), axis: op === 'depthwiseConv2d' ? 3 : 0 },
  });
  const b = addTensor(graph, {
    name: 'bias',
    shape: [outC],
    ...(wide
      ? { dtype: 'int64', data: BigInt64Array.from(noise(outC, 2), (v) => BigInt(v) * 12_800n) }
      : { dtype: 'int32', data: Int32Array.from(noise(outC, 2), (v) => v * 50) }),
  });
  const y = addTensor(graph, {
    name: 'output',
    dtype: activations ?? 'int8',
    shape: [],
    quant: wide ? quantOf(Math.fround(0.08 / 256), 0) : quantOf(Math.fround(0.08), -4),
  });
  const node = { op, name: op, inputs: [x, w, b], outputs: [y], attrs };
  if (encoding) storeAs(graph, node, encoding);
  graph.nodes.push(node);
  graph.inputs.push(x);
  graph.outputs.push(y);
  Object.assign(graph.tensors[y], opSpec(op)?.infer(node, graph)[0]);
  return graph;
}

function inputFor({ input, activations, output }: LayerShape): TensorData {
  const count = elementCount(input);
  if (output) return signBits(count, input[3], 3);
  return (activations ? wideNoise : noise)(count, 3);
}

/** What rounding changes. */
const roundingsOf = ({ output }: LayerShape): Rounding[] => (output ? ['single'] : ['tflite', 'single']);

/** Layers that share a program: their constants and arenas must fit into 2 MB of flash. */
const layersPerProgram = 8;

type Layer = LayerShape & { rounding: Rounding };

/** One layer with its arena before and after it. */
function partOf(layer: Layer, target: Target): Part {
  const { rounding, shape } = layer;
  const graph = layerGraph(layer);
  const plan = planGraph(graph, { rounding, target });
  const input = inputFor(layer);
  const expected = evaluateGraph(graph, [input], { rounding });
  const [from, to] = [graph.inputs[0], graph.outputs[0]].map((id) => plan.offsetOf.get(id) as number);
  const start = new Uint8Array(plan.arenaBytes);
  start.set(bytesOf(input), from);
  const end = start.slice();
  end.set(bytesOf(expected[0]), to);
  // Its output is read and judged below: the input may be used up, and scratch lies where it likes.
  const rest = { at: 0, end: plan.arenaBytes };
  return {
    file: shape,
    target: target.id,
    rounding,
    graph,
    plan,
    inputs: [input],
    expected,
    start,
    end,
    scratch: rest,
  };
}

async function measure(layers: readonly Layer[], boardId: string): Promise<KernelRow[]> {
  const board = loadBoard(boardId);
  const parts = layers.map((layer) => partOf(layer, loadTarget(board.target)));
  return withWorkFolder(async (folder) => {
    const dir = join(folder, 'pack');
    await writeFolder(dir, partsProgram(parts, dir, false).files);
    const image = join(folder, 'layers.elf');
    await buildFirmware(dir, board, image);
    const device = await startDevice(board, image, {});
    try {
      const rows: KernelRow[] = [];
      for (const [i, layer] of layers.entries()) rows.push(await countPart(device, parts[i], i, layer));
      return rows;
    } finally {
      await device.close();
    }
  });
}

async function countPart(device: Device, part: Part, index: number, { shape, rounding }: Layer): Promise<KernelRow> {
  const [{ call, macs }] = part.plan.steps;
  await device.step(stepOf(index, 'load'));
  const { count, instructions = count } = await device.step(stepOf(index, 'run'));
  const output = part.graph.outputs[0];
  const got = await device.read(part.plan.offsetOf.get(output) as number, tensorBytes(part.graph.tensors[output]));
  if (Buffer.compare(got, bytesOf(part.expected[0])) !== 0)
    throw new Error(`${call.kernel} on ${device.info.board}: wrong result`);
  return { kernel: call.kernel, target: part.target, shape, rounding, instructions, perMac: instructions / macs };
}

export async function benchKernels(only: { target?: string; shape?: string }): Promise<KernelRow[]> {
  const layers = shapes
    .filter((l) => l.shape.includes(only.shape ?? ''))
    .flatMap((l) => roundingsOf(l).map((rounding) => ({ ...l, rounding })));
  const programs = benchBoards(only.target).flatMap((board) =>
    Array.from({ length: Math.ceil(layers.length / layersPerProgram) }, (_, i) => ({
      board,
      layers: layers.slice(i * layersPerProgram, (i + 1) * layersPerProgram),
    })),
  );
  return (await inParallel(programs.map((p) => () => measure(p.layers, p.board)))).flat();
}
