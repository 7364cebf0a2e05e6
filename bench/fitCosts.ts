// SPDX-License-Identifier: Apache-2.0
// npx tsx bench/fitCosts.ts TARGET [KERNEL-TEXT]: counts every kernel that has an alternative on the target over the
// layers of fitShapes.ts under the emulator, and writes the cost row that comes closest to targets/TARGET.json: least
// squares of the relative errors, no term below 0. A kernel that fits fewer layers than a row has terms keeps its row.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBoard, loadTarget } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { writeFolder } from '../src/cli/files.js';
import { startDevice } from '../src/device/startDevice.js';
import { emitPack } from '../src/emit/pack.js';
import type { Target } from '../src/generated/target.js';
import { emptyGraph, type Graph, type TensorId, tensorBytes } from '../src/model/graph.js';
import { opSpec } from '../src/ops/index.js';
import type { LowerContext, Prefer } from '../src/ops/op.js';
import { type Cost, predictInstructions, workOfReference } from '../src/ops/variants/choose.js';
import { variants } from '../src/ops/variants/index.js';
import type { Work } from '../src/ops/variants/variant.js';
import { packageRoot } from '../src/packageRoot.js';
import { type Plan, planGraph } from '../src/plan/plan.js';
import { benchBoards } from './boards.js';
import { addLayer, fitShapes } from './fitShapes.js';
import { fitNonNegative } from './leastSquares.js';
import { withTargetRows } from './targetRows.js';

const rounding = 'tflite';
const noCost: Cost = { perCall: 0, perPixel: 0, perOutput: 0, perMac: 0 };

interface Job {
  kernel: string;
  op: string;
  prefer: Prefer | undefined;
  workOf(graph: Graph, at: number): Work | undefined;
}

/** The target's variants, and the reference kernels of their operators. */
function jobsOf(target: Target): Job[] {
  const own = variants.filter((v) => target.isa.includes(v.isa) && fitShapes[v.op]);
  const contextOf = (graph: Graph, prefer: Prefer | undefined): LowerContext => ({ graph, rounding, prefer, target });
  const jobs = own.map((v): Job => {
    const prefer = v.prefers?.[0];
    const workOf = (graph: Graph, at: number) => v.lower(graph.nodes[at], contextOf(graph, prefer))?.work;
    return { kernel: v.kernel, op: v.op, prefer, workOf };
  });
  const references = [...new Set(own.map((v) => v.op))].map((op): Job => {
    const spec = opSpec(op);
    if (!spec) throw new Error(`no operator ${op}`);
    const graph = emptyGraph('one', { format: 'mote', quantized: true });
    const node = addLayer(graph, op, fitShapes[op][0]);
    const { kernel } = spec.lower(node, contextOf(graph, undefined));
    return {
      kernel,
      op,
      prefer: undefined,
      workOf: (g, at) => workOfReference(spec, g.nodes[at], contextOf(g, undefined)),
    };
  });
  return [...jobs, ...references];
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

/** Instructions of each layer under the job's kernel, and the work that each was predicted from. */
async function measure(job: Job, target: Target, boardId: string): Promise<{ work: Work; instructions: number }[]> {
  const trial = emptyGraph('trial', { format: 'mote', quantized: true });
  const fitting = fitShapes[job.op].filter((shape, at) => {
    addLayer(trial, job.op, shape);
    return job.workOf(trial, at) !== undefined;
  });
  if (!fitting.length) return [];
  const graph = emptyGraph('fit', { format: 'mote', quantized: true });
  for (const shape of fitting) addLayer(graph, job.op, shape);
  const costs = job.kernel.includes('__ref') ? {} : { [job.kernel]: noCost };
  const plan = stacked(planGraph(graph, { rounding, prefer: job.prefer, target: { ...target, costs } }), graph);
  const model = { file: job.kernel, format: 'mote' as const, sha256: '', quantizedBy: 'file' as const };
  const zeros = (ids: readonly TensorId[]) => ids.map((id) => new Int8Array(tensorBytes(graph.tensors[id])));
  const vectors = { inputs: [zeros(graph.inputs)], outputs: [zeros(graph.outputs)], from: 'random' as const };
  const prefer = job.prefer ?? 'balance';
  const { files, manifest } = emitPack({
    graph,
    plan,
    name: 'fit',
    model,
    target: target.id,
    rounding,
    prefer,
    vectors,
  });
  const folder = await mkdtemp(join(tmpdir(), 'mote-fit-'));
  try {
    await writeFolder(join(folder, 'pack'), files);
    const image = join(folder, 'fit.elf');
    await buildFirmware(join(folder, 'pack'), loadBoard(boardId), image);
    const device = await startDevice(loadBoard(boardId), image, {});
    try {
      const rows: { work: Work; instructions: number }[] = [];
      for (const layer of manifest.layers) {
        if (layer.kernel !== job.kernel) throw new Error(`${layer.kernel} instead of ${job.kernel}`);
        const { count, instructions = count } = await device.step(layer.index);
        rows.push({ work: job.workOf(graph, layer.index) as Work, instructions });
      }
      return rows;
    } finally {
      await device.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const rounded = (n: number): number => Number(n.toPrecision(4));

function fitRow(rows: readonly { work: Work; instructions: number }[]): { cost: Cost; worst: number } {
  const terms = rows.map(({ work, instructions }) =>
    [1, work.pixels, work.outputs, work.macs].map((term) => term / instructions),
  );
  const [perCall, perPixel, perOutput, perMac] = fitNonNegative(
    terms,
    rows.map(() => 1),
  ).map(rounded);
  const cost = { perCall, perPixel, perOutput, perMac };
  const errors = rows.map((r) => Math.abs(predictInstructions(cost, r.work) / r.instructions - 1));
  return { cost, worst: Math.max(...errors) };
}

const [targetId, text = ''] = process.argv.slice(2);
const target = loadTarget(targetId);
const [board] = benchBoards(targetId);
const counted = new Map<string, { work: Work; instructions: number }[]>();
for (const job of jobsOf(target).filter((j) => j.kernel.includes(text)))
  counted.set(job.kernel, [...(counted.get(job.kernel) ?? []), ...(await measure(job, target, board))]);
const costs: Record<string, Cost> = { ...target.costs };
for (const [kernel, rows] of counted) {
  if (rows.length < 4) continue;
  const { cost, worst } = fitRow(rows);
  process.stdout.write(`${kernel}: ${rows.length} layers, ${(100 * worst).toFixed(0)} % off at worst\n`);
  if (target.costs?.[kernel] || kernel.endsWith('__ref')) costs[kernel] = cost;
}
const path = join(packageRoot, 'targets', `${targetId}.json`);
await writeFile(path, withTargetRows(await readFile(path, 'utf8'), 'costs', costs));
