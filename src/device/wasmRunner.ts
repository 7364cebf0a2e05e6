// SPDX-License-Identifier: Apache-2.0
// Runs a float graph for calibration on the C itself: packed into a temporary folder, compiled to WebAssembly, stepped
// layer by layer.
import { join } from 'node:path';
import { loadTarget } from '../build/boards.js';
import { buildWasm } from '../build/wasm.js';
import { withWorkFolder } from '../build/workFolder.js';
import { writeFolder } from '../cli/files.js';
import type { FloatRunner } from '../compress/runner.js';
import { emitPack } from '../emit/pack.js';
import { elementCount, type Graph, makeData, type TensorId, tensorBytes } from '../model/graph.js';
import { bytesOf } from '../model/tensorData.js';
import { planGraph } from '../plan/plan.js';
import { HostModel } from './wasm.js';

const zeros = (graph: Graph, ids: readonly TensorId[]) =>
  ids.map((id) => makeData(graph.tensors[id].dtype, elementCount(graph.tensors[id].shape)));

/** A runner for this float graph; every activation is shown right after the layer that computes it. */
export async function wasmRunner(graph: Graph): Promise<FloatRunner> {
  const plan = planGraph(graph, { rounding: 'single', target: loadTarget('wasm32') });
  const { manifest, files } = emitPack({
    graph,
    plan,
    name: 'calibration',
    model: { file: graph.name, format: graph.source.format, sha256: '', quantizedBy: 'none' },
    target: 'wasm32',
    rounding: 'single',
    prefer: 'balance',
    vectors: { inputs: [zeros(graph, graph.inputs)], outputs: [zeros(graph, graph.outputs)], from: 'random' },
  });
  const host = await withWorkFolder(async (folder) => {
    await writeFolder(join(folder, 'pack'), files);
    return HostModel.open(await buildWasm(join(folder, 'pack'), manifest), manifest);
  });
  const views = new Map<TensorId, TensorId[]>();
  for (const [view, source] of plan.viewOf) views.set(source, [...(views.get(source) ?? []), view]);
  return {
    run(inputs, visit) {
      graph.inputs.forEach((id, i) => {
        host.write(plan.offsetOf.get(id) as number, bytesOf(inputs[i]));
        for (const view of views.get(id) ?? []) visit(view, inputs[i]);
      });
      plan.steps.forEach((step, index) => {
        host.step(index);
        for (const id of step.node.outputs) {
          const bytes = host.read(plan.offsetOf.get(id) as number, tensorBytes(graph.tensors[id]));
          const data = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
          for (const shown of [id, ...(views.get(id) ?? [])]) visit(shown, data);
        }
      });
    },
  };
}
