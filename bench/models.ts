// SPDX-License-Identifier: Apache-2.0
// Whole models on every emulated board: counts, arena, code and constants.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { loadBoard } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { readInput, writeFolder } from '../src/cli/files.js';
import type { Output } from '../src/cli/output.js';
import { startDevice } from '../src/device/startDevice.js';
import { inParallel } from '../src/inParallel.js';
import { bytesOf } from '../src/model/tensorData.js';
import type { Prefer, Rounding } from '../src/ops/op.js';
import { packModel } from '../src/packModel.js';
import { benchBoards } from './boards.js';
import { existingModels } from './modelFiles.js';

export interface ModelRow {
  model: string;
  target: string;
  board: string;
  rounding: string;
  prefer: Prefer;
  /** Of one inference. */
  instructions: number;
  /** On the Pico, by rp2040js's cycle model. */
  cycles?: number;
  macs: number;
  perMac: number;
  cyclesPerMac?: number;
  arenaBytes: number;
  codeBytes: number;
  constBytes: number;
}

async function measure(
  model: { name: string; file: string },
  boardId: string,
  rounding: Rounding,
  prefer: Prefer,
  folder: string,
): Promise<ModelRow> {
  const board = loadBoard(boardId);
  const { manifest, files } = await packModel({
    bytes: await readInput(model.file),
    fileName: basename(model.file),
    name: model.name,
    target: board.target,
    rounding,
    prefer,
  });
  const dir = join(folder, `${model.name}-${boardId}-${rounding}-${prefer}`);
  await writeFolder(dir, files);
  const image = join(dir, 'firmware.elf');
  const built = await buildFirmware(dir, board, image);
  const device = await startDevice(board, image, {});
  try {
    for (const port of manifest.inputs) await device.write(port.offset, bytesOf(new Int8Array(port.bytes)));
    const { count, instructions = count } = await device.run();
    const cycles = device.info.counter.unit === 'cycles' ? { cycles: count, cyclesPerMac: count / manifest.macs } : {};
    return {
      model: model.name,
      target: board.target,
      board: boardId,
      rounding: manifest.rounding,
      prefer,
      instructions,
      ...cycles,
      macs: manifest.macs,
      perMac: instructions / manifest.macs,
      arenaBytes: manifest.arenaBytes,
      codeBytes: built.codeBytes,
      constBytes: built.constBytes,
    };
  } finally {
    await device.close();
  }
}

/** One row per model and board; models whose file is not here are left out and named. */
export async function benchModels(
  only: { target?: string; model?: string; prefer?: Prefer },
  out: Output,
): Promise<ModelRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'mote-bench-'));
  try {
    const models = existingModels(out).filter((m) => only.model === undefined || only.model === m.name);
    const jobs = models.flatMap((model) =>
      benchBoards(only.target).flatMap((board) =>
        (['tflite', 'single'] as const).map(
          (rounding) => () => measure(model, board, rounding, only.prefer ?? 'balance', folder),
        ),
      ),
    );
    return await inParallel(jobs);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
