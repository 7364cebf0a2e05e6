// SPDX-License-Identifier: Apache-2.0
// The order of a plan: least memory, the same on all targets, and right.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { listTargets } from '../build/boards.js';
import { buildWasm } from '../build/wasm.js';
import { withWorkFolder } from '../build/workFolder.js';
import { writeFolder } from '../cli/files.js';
import { HostModel } from '../device/wasm.js';
import { emitPack } from '../emit/pack.js';
import {
  addTensor,
  emptyGraph,
  type Graph,
  quantOf,
  type TensorData,
  type TensorId,
  tensorBytes,
} from '../model/graph.js';
import { bytesOf } from '../model/tensorData.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { findBuffers } from './buffers.js';
import { planGraph } from './planGraph.js';

const quant = quantOf(0.05, 3);

function int8(graph: Graph, shape: number[]): TensorId {
  return addTensor(graph, { name: `t${graph.tensors.length}`, dtype: 'int8', shape, quant });
}

function convolution(graph: Graph, input: TensorId, channels: number): TensorId {
  const { shape } = graph.tensors[input];
  const weights = addTensor(graph, {
    name: 'weights',
    dtype: 'int8',
    shape: [channels, 1, 1, shape[3]],
    data: Int8Array.from({ length: channels * shape[3] }, (_, i) => ((i * 37) % 255) - 127),
    quant: quantOf(0.01, 0),
  });
  const output = int8(graph, [1, shape[1], shape[2], channels]);
  const attrs = { strides: [1, 1], dilations: [1, 1], pads: [0, 0, 0, 0], groups: 1 };
  const name = `conv ${graph.nodes.length}`;
  graph.nodes.push({ op: 'conv2d', name, inputs: [input, weights], outputs: [output], attrs });
  return output;
}

/** Two branches, wide in the middle; the file makes both wide tensors before it needs one of them. */
function twoBranches(): Graph {
  const graph = emptyGraph('branches', { format: 'mote', quantized: true });
  const input = int8(graph, [1, 6, 6, 4]);
  graph.inputs.push(input);
  const wide = [48, 40].map((channels) => convolution(graph, input, channels));
  const [a, b] = wide.map((id) => convolution(graph, id, 2));
  const output = int8(graph, [1, 6, 6, 2]);
  graph.nodes.push({ op: 'add', name: 'add', inputs: [a, b], outputs: [output], attrs: {} });
  graph.outputs.push(output);
  return graph;
}

describe('planGraph', () => {
  const graph = twoBranches();
  const reference = { id: 'wasm32', isa: ['ref'] };
  const names = (target: Parameters<typeof planGraph>[1]['target']): string[] =>
    planGraph(graph, { rounding: 'tflite', target }).steps.map((s) => s.node.name);

  it('does one branch after the other', () => {
    expect(findBuffers(graph).nodes.map((n) => n.name)).toEqual(['conv 0', 'conv 1', 'conv 2', 'conv 3', 'add']);
    expect(names(reference)).toEqual(['conv 1', 'conv 3', 'conv 0', 'conv 2', 'add']);
    expect(planGraph(graph, { rounding: 'tflite', target: reference }).arenaBytes).toBeLessThan(36 * (48 + 4 + 8));
  });

  it.each(listTargets().map((t) => t.id))('has the same order on %s, so that layers compare', (id) => {
    const target = listTargets().find((t) => t.id === id) as ReturnType<typeof listTargets>[number];
    expect(names(target)).toEqual(names(reference));
  });

  it('computes every layer as the operators say', async () => {
    const plan = planGraph(graph, { rounding: 'single', target: reference });
    const sample = Int8Array.from({ length: 144 }, (_, i) => ((i * 91) % 256) - 128);
    const expected = new Map<TensorId, TensorData>();
    const outputs = evaluateGraph(graph, [sample], { rounding: 'single', visit: (id, data) => expected.set(id, data) });
    const { manifest, files } = emitPack({
      graph,
      plan,
      name: 'branches',
      model: { file: 'branches', format: 'mote', sha256: '', quantizedBy: 'file' },
      target: 'wasm32',
      rounding: 'single',
      prefer: 'balance',
      vectors: { inputs: [[sample]], outputs: [outputs], from: 'random' },
    });
    const host = await withWorkFolder(async (folder) => {
      await writeFolder(join(folder, 'pack'), files);
      return HostModel.open(await buildWasm(join(folder, 'pack'), manifest), manifest);
    });
    host.write(plan.offsetOf.get(graph.inputs[0]) as number, bytesOf(sample));
    for (const [index, { node }] of plan.steps.entries()) {
      host.step(index);
      const [id] = node.outputs;
      const got = host.read(plan.offsetOf.get(id) as number, tensorBytes(graph.tensors[id]));
      expect([...got], node.name).toEqual([...bytesOf(expected.get(id) as TensorData)]);
    }
  });
});
