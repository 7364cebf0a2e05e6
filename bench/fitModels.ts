// SPDX-License-Identifier: Apache-2.0
// npx tsx bench/fitModels.ts TARGET [--check] [KERNEL-TEXT…]: counts the layers of countedModels.ts under the emulator, one
// after the other on the data that they really get, and writes a cost row to targets/TARGET.json for each reference
// kernel that has none, and for each kernel whose name has one of the texts: the known row, or the rough one of all
// reference kernels, bent to the counts as far as shapes left out are predicted better by it (src/costs/fitKernel.ts).
// --check writes nothing: how far predictions are off, on models that no row was fitted to.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadBoard, loadTarget } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { withWorkFolder } from '../src/build/workFolder.js';
import { MoteError } from '../src/cli/errors.js';
import { writeFolder } from '../src/cli/files.js';
import { targetTable } from '../src/costs/boardCosts.js';
import { type Counted, fitKernel, rootMeanSquare } from '../src/costs/fitKernel.js';
import { predictPack } from '../src/costs/predict.js';
import { callOf } from '../src/costs/sampleRun.js';
import { startDevice } from '../src/device/startDevice.js';
import type { PackManifest } from '../src/generated/pack.js';
import type { Target } from '../src/generated/target.js';
import { bytesOf } from '../src/model/tensorData.js';
import { type Cost, predictInstructions, referenceCost } from '../src/ops/variants/choose.js';
import { packageRoot } from '../src/packageRoot.js';
import { packModel } from '../src/packModel.js';
import type { PackRequest } from '../src/packRequest.js';
import { grouped, right, table } from '../src/report/table.js';
import { xorshift32 } from '../src/xorshift.js';
import { benchBoards } from './boards.js';
import { countedModels } from './countedModels.js';
import { withTargetRows } from './targetRows.js';

interface CountedModel {
  name: string;
  manifest: PackManifest;
  /** Of each layer. */
  instructions: number[];
}

/** Loud noise: no layer has zeros only. */
function noise(bytes: number): Int8Array {
  const next = xorshift32(1);
  return Int8Array.from({ length: bytes }, () => next() >> 24);
}

async function countModel(
  request: Omit<PackRequest, 'target'> & { name: string },
  boardId: string,
): Promise<CountedModel> {
  const board = loadBoard(boardId);
  const { manifest, files } = await packModel({ ...request, target: board.target });
  return withWorkFolder(async (folder) => {
    await writeFolder(join(folder, 'pack'), files);
    const { elfPath } = await buildFirmware(join(folder, 'pack'), board, join(folder, 'fw.elf'));
    const device = await startDevice(board, elfPath);
    try {
      for (const port of manifest.inputs) await device.write(port.offset, bytesOf(noise(port.bytes)));
      const counts: number[] = [];
      for (const { index } of manifest.layers) {
        const { count, instructions = count } = await device.step(index);
        counts.push(instructions);
      }
      return { name: request.name, manifest, instructions: counts };
    } finally {
      await device.close();
    }
  });
}

/** Rows of kernels that are to be fitted. */
function fittedRows(models: readonly CountedModel[], target: Target, texts: readonly string[]): Record<string, Cost> {
  const samples = new Map<string, Counted[]>();
  for (const { manifest, instructions } of models)
    for (const layer of manifest.layers) {
      const call = layer.streamed ? undefined : callOf(layer);
      if (!call) continue;
      const sample = { work: call.work, count: instructions[layer.index] };
      samples.set(layer.kernel, [...(samples.get(layer.kernel) ?? []), sample]);
    }
  const rows: Record<string, Cost> = {};
  const rounded = (n: number): number => Number(n.toPrecision(4));
  for (const [kernel, counted] of samples) {
    const known = target.costs?.[kernel];
    const asked = texts.some((text) => kernel.includes(text));
    if (!asked && (known || !kernel.endsWith('__ref'))) continue;
    const fitted = fitKernel(counted, known ?? referenceCost);
    if (!fitted) continue;
    const { perCall, perPixel, perOutput, perMac } = fitted.cost;
    rows[kernel] = {
      perCall: rounded(perCall),
      perPixel: rounded(perPixel),
      perOutput: rounded(perOutput),
      perMac: rounded(perMac),
    };
    const off = (100 * rootMeanSquare(fitted.errors)).toFixed(0);
    process.stdout.write(`${kernel}: ${counted.length} layers, ${fitted.how}, ${off} % off on shapes left out\n`);
  }
  return rows;
}

/** Worst layer of those that make more than a hundredth of the whole. */
function worstOf({ manifest, instructions }: CountedModel, costs: Readonly<Record<string, Cost>>): string {
  const whole = instructions.reduce((a, b) => a + b, 0);
  const errors = manifest.layers.flatMap((layer) => {
    const [call, count] = [callOf(layer), instructions[layer.index]];
    const row = costs[layer.kernel];
    if (!call || !row || count < whole / 100) return [];
    return [{ kernel: layer.kernel, error: predictInstructions(row, call.work) / count - 1 }];
  });
  errors.sort((a, b) => Math.abs(b.error) - Math.abs(a.error));
  return errors.length ? `${(100 * errors[0].error).toFixed(0)} % ${errors[0].kernel}` : '';
}

function checkLines(models: readonly CountedModel[], target: Target): string[] {
  const rows = models.map((model) => {
    const { missing, whole } = predictPack(model.manifest, targetTable(target));
    const counted = model.instructions.reduce((a, b) => a + b, 0);
    const predicted = whole?.count ?? 0;
    const off = `${(100 * (predicted / counted - 1)).toFixed(1)} %`;
    return [
      model.name,
      grouped(counted),
      grouped(Math.round(predicted)),
      off,
      String(missing),
      worstOf(model, target.costs ?? {}),
    ];
  });
  const columns = [
    { title: 'model' },
    right('counted'),
    right('predicted'),
    right('off'),
    right('layers without'),
    { title: 'worst' },
  ];
  return table(columns, rows, 140);
}

const [targetId, ...rest] = process.argv.slice(2);
const texts = rest.filter((word) => word !== '--check');
const target = loadTarget(targetId);
const [boardId] = benchBoards(targetId);
const check = rest.includes('--check');
const models: CountedModel[] = [];
for (const request of await countedModels(check ? 'check' : 'fit')) {
  try {
    models.push(await countModel(request, boardId));
  } catch (error) {
    if (!(error instanceof MoteError) || !error.code.startsWith('fit.')) throw error;
    process.stdout.write(`left out: ${error.message}\n`);
  }
}
if (check) {
  process.stdout.write(`${checkLines(models, target).join('\n')}\n`);
} else {
  const path = join(packageRoot, 'targets', `${targetId}.json`);
  const costs = { ...target.costs, ...fittedRows(models, target, texts) };
  await writeFile(path, withTargetRows(await readFile(path, 'utf8'), 'costs', costs));
}
