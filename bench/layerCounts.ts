// SPDX-License-Identifier: Apache-2.0
// Instructions of many layers in one firmware under the emulator, each on its own.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBoard } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { writeFolder } from '../src/cli/files.js';
import { startDevice } from '../src/device/startDevice.js';
import { emitPack } from '../src/emit/pack.js';
import type { Target } from '../src/generated/target.js';
import { type Graph, type Node, type TensorId, tensorBytes } from '../src/model/graph.js';
import type { Prefer } from '../src/ops/op.js';
import type { Plan } from '../src/plan/plan.js';
import { planGraph } from '../src/plan/planGraph.js';

export const countRounding = 'tflite';

export interface LayerCount {
  kernel: string;
  instructions: number;
}

/** All layers in the same place: their results do not matter here. */
function stacked(plan: Plan, graph: Graph): Plan {
  const offsetOf = new Map<TensorId, number>();
  let arenaBytes = 0;
  const steps = plan.steps.map((s) => {
    let at = 0;
    for (const id of [...s.call.inputs.map((i) => s.node.inputs[i]), ...s.node.outputs]) {
      if (offsetOf.has(id)) continue;
      offsetOf.set(id, at);
      at += Math.ceil(tensorBytes(graph.tensors[id]) / 8) * 8;
    }
    arenaBytes = Math.max(arenaBytes, at + Math.ceil(s.call.scratchBytes / 8) * 8);
    return { ...s, scratchOffset: at };
  });
  return { ...plan, steps, offsetOf, viewOf: new Map(), arenaBytes };
}

/** Instructions of every node, in their order, with the kernels that the target chooses. Nodes share no tensors. */
export async function countLayers(
  graph: Graph,
  target: Target,
  boardId: string,
  prefer: Prefer = 'balance',
): Promise<LayerCount[]> {
  const plan = stacked(planGraph(graph, { rounding: countRounding, prefer, target }), graph);
  const zeros = (ids: readonly TensorId[]) => ids.map((id) => new Int8Array(tensorBytes(graph.tensors[id])));
  const { files, manifest } = emitPack({
    graph,
    plan,
    name: 'fit',
    model: { file: 'layers', format: 'mote', sha256: '', quantizedBy: 'file' },
    target: target.id,
    rounding: countRounding,
    prefer,
    vectors: { inputs: [zeros(graph.inputs)], outputs: [zeros(graph.outputs)], from: 'random' },
  });
  const folder = await mkdtemp(join(tmpdir(), 'mote-fit-'));
  try {
    await writeFolder(join(folder, 'pack'), files);
    const image = join(folder, 'fit.elf');
    await buildFirmware(join(folder, 'pack'), loadBoard(boardId), image);
    const device = await startDevice(loadBoard(boardId), image, {});
    try {
      // The plan has an order of its own.
      const counts = new Map<Node, LayerCount>();
      for (const { index, kernel } of manifest.layers) {
        const { count, instructions = count } = await device.step(index);
        counts.set(plan.steps[index].node, { kernel, instructions });
      }
      return graph.nodes.map((node) => counts.get(node) as LayerCount);
    } finally {
      await device.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
