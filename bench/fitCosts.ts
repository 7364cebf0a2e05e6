// SPDX-License-Identifier: Apache-2.0
// npx tsx bench/fitCosts.ts TARGET [--models] [KERNEL-TEXT…]: counts every kernel that has an alternative on the target over the
// layers of fitShapes.ts under the emulator, and writes the cost row that comes closest to targets/TARGET.json: least
// squares of the relative errors, no term below 0. A kernel that fits fewer layers than a row has terms keeps its row.
// With --models the layers of the benchmark's models count too: their weights are real, not random.
import { readFile, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { listBoards, loadBoard, loadTarget } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { withWorkFolder } from '../src/build/workFolder.js';
import { writeFolder } from '../src/cli/files.js';
import { Output } from '../src/cli/output.js';
import { fitNonNegative } from '../src/costs/leastSquares.js';
import { callOf } from '../src/costs/sampleRun.js';
import { startDevice } from '../src/device/startDevice.js';
import type { Target } from '../src/generated/target.js';
import { emptyGraph, type Graph, type Node } from '../src/model/graph.js';
import { opSpec } from '../src/ops/index.js';
import type { LowerContext, Prefer } from '../src/ops/op.js';
import { type Cost, predictInstructions, workOfReference } from '../src/ops/variants/choose.js';
import { variants } from '../src/ops/variants/index.js';
import type { Work } from '../src/ops/variants/variant.js';
import { packageRoot } from '../src/packageRoot.js';
import { packModel } from '../src/packModel.js';
import { benchBoards } from './boards.js';
import { addLayer, fitShapes, type LayerShape, storeAs } from './fitShapes.js';
import { countLayers } from './layerCounts.js';
import { existingModels } from './modelFiles.js';
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
  const references = [...new Set(own.map((v) => v.op))].flatMap((op): Job[] => {
    const spec = opSpec(op);
    if (!spec) throw new Error(`no operator ${op}`);
    const graph = emptyGraph('some', { format: 'mote', quantized: true });
    const kernelOf = (g: Graph, node: Node): string => spec.lower(node, contextOf(g, undefined)).kernel;
    const kernels = new Set(fitShapes[op].map((shape) => kernelOf(graph, addLayer(graph, op, shape))));
    return [...kernels].map((kernel) => ({
      kernel,
      op,
      prefer: undefined,
      workOf: (g, at) =>
        kernelOf(g, g.nodes[at]) === kernel ? workOfReference(spec, g.nodes[at], contextOf(g, undefined)) : undefined,
    }));
  });
  return [...jobs, ...references];
}

/** Weights that a kernel is fitted with: the first of these that it takes. */
const formats = ['int8', 'int4', 'int6', 'int3', 'int2', 'ternary', 'trits', 'binary'].concat([
  'palette4',
  'sparse1:4',
  'block16-int4',
]);

function addStored(graph: Graph, op: string, shape: LayerShape, format: string): void {
  const node = addLayer(graph, op, shape);
  if (format !== 'int8') storeAs(graph, node, format);
}

/** Undefined where the kernel does not have the layer. */
function formatOf(job: Job, shape: LayerShape): string | undefined {
  return (shape.weights ? formats : ['int8']).find((format) => {
    const trial = emptyGraph('trial', { format: 'mote', quantized: true });
    addStored(trial, job.op, shape, format);
    return job.workOf(trial, 0) !== undefined;
  });
}

/** Instructions of each layer under the job's kernel, and the work that each was predicted from. */
async function measure(job: Job, target: Target, boardId: string): Promise<{ work: Work; instructions: number }[]> {
  const graph = emptyGraph('fit', { format: 'mote', quantized: true });
  for (const shape of fitShapes[job.op]) {
    const format = formatOf(job, shape);
    if (format !== undefined) addStored(graph, job.op, shape, format);
  }
  if (!graph.nodes.length) return [];
  const costs = job.kernel.includes('__ref') ? {} : { [job.kernel]: noCost };
  const counts = await countLayers(graph, { ...target, costs }, boardId, job.prefer);
  return counts.map(({ kernel, instructions }, at) => {
    if (kernel !== job.kernel) throw new Error(`${kernel} instead of ${job.kernel}`);
    return { work: job.workOf(graph, at) as Work, instructions };
  });
}

const rounded = (n: number): number => Number(n.toPrecision(4));

function fitRow(rows: readonly { work: Work; instructions: number }[]): { cost: Cost; worst: number } {
  const terms = rows.map(({ work, instructions }) =>
    [work.calls ?? 1, work.pixels, work.outputs, work.macs].map((term) => term / instructions),
  );
  const [perCall, perPixel, perOutput, perMac] = fitNonNegative(
    terms,
    rows.map(() => 1),
  ).map(rounded);
  const cost = { perCall, perPixel, perOutput, perMac };
  const errors = rows.map((r) => Math.abs(predictInstructions(cost, r.work) / r.instructions - 1));
  return { cost, worst: Math.max(...errors) };
}

/** Each layer of each model of the benchmark alone, with the kernel and work that its pack says. */
async function measureModels(boardId: string): Promise<{ kernel: string; work: Work; instructions: number }[]> {
  const board = loadBoard(boardId);
  const rows: { kernel: string; work: Work; instructions: number }[] = [];
  for (const { name, file } of existingModels(new Output({ json: false, quiet: false })))
    await withWorkFolder(async (folder) => {
      const { manifest, files } = await packModel({
        bytes: await readFile(file),
        fileName: basename(file),
        name,
        target: board.target,
      });
      await writeFolder(join(folder, 'pack'), files);
      const { elfPath } = await buildFirmware(join(folder, 'pack'), board, join(folder, 'fw.elf'));
      const device = await startDevice(board, elfPath);
      for (const layer of manifest.layers) {
        const { count, instructions = count } = await device.step(layer.index);
        const call = callOf(layer);
        if (call && !layer.streamed) rows.push({ kernel: layer.kernel, work: call.work, instructions });
      }
      await device.close();
    });
  return rows;
}

const [targetId, ...rest] = process.argv.slice(2);
const texts = rest.filter((word) => word !== '--models');
const wanted = (kernel: string): boolean => texts.length === 0 || texts.some((text) => kernel.includes(text));
const target = loadTarget(targetId);
const emulated = listBoards().find((b) => b.target === targetId && b.emulator);
const board = benchBoards(targetId)[0] ?? emulated?.id;
if (!board) throw new Error(`no emulator for ${targetId}`);
const counted = new Map<string, { work: Work; instructions: number }[]>();
for (const job of jobsOf(target).filter((j) => wanted(j.kernel)))
  counted.set(job.kernel, [...(counted.get(job.kernel) ?? []), ...(await measure(job, target, board))]);
const ofModels = rest.includes('--models') ? await measureModels(board) : [];
for (const { kernel, ...row } of ofModels.filter((r) => wanted(r.kernel)))
  counted.set(kernel, [...(counted.get(kernel) ?? []), row]);
const costs: Record<string, Cost> = { ...target.costs };
for (const [kernel, rows] of counted) {
  if (rows.length < 4) continue;
  const { cost, worst } = fitRow(rows);
  process.stdout.write(`${kernel}: ${rows.length} layers, ${(100 * worst).toFixed(0)} % off at worst\n`);
  if (target.costs?.[kernel] || kernel.endsWith('__ref')) costs[kernel] = cost;
}
const path = join(packageRoot, 'targets', `${targetId}.json`);
await writeFile(path, withTargetRows(await readFile(path, 'utf8'), 'costs', costs));
