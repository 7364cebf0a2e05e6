// SPDX-License-Identifier: Apache-2.0
// Builds batches as one program, runs it on an emulated board (or as the host module) and gives what differs in each.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadBoard } from '../../src/build/boards.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { buildWasm } from '../../src/build/wasm.js';
import { writeFolder } from '../../src/cli/files.js';
import type { Device } from '../../src/device/device.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import { guardValue, partsProgram, stepOf } from '../../src/emit/testing/partsProgram.js';
import type { Board } from '../../src/generated/board.js';
import { arenasOf, type Batch, judge, partOf } from './isaBatch.js';
import { joinSources } from './joinSources.js';

/** The same firmware on another machine: a longer vector register, say. */
export type BoardChange = (board: Board) => Board;

const unchanged: BoardChange = (board) => board;

/** One batch; only where its own comparison fails is its arena read, for words. */
async function runOne(device: Device, batch: Batch, index: number, host: boolean): Promise<string[]> {
  const { arenaBytes } = device.info;
  if (host) {
    await device.write(0, new Uint8Array(arenaBytes).fill(guardValue));
    await device.write(0, arenasOf(batch).start);
  }
  const { result, guardIntact } = await device.step(stepOf(index, 'all'));
  if (result === 0 && guardIntact && !host) return [];
  const defects = judge(batch, await device.read(0, arenaBytes));
  const fine = result === 0 && guardIntact;
  return defects.length > 0 || fine ? defects : [`result ${result}, guard ${guardIntact}`];
}

async function runAll(device: Device, batches: readonly Batch[], host: boolean): Promise<string[][]> {
  try {
    const defects: string[][] = [];
    for (const [i, batch] of batches.entries()) defects.push(await runOne(device, batch, i, host));
    return defects;
  } finally {
    await device.close();
  }
}

/** What differs, batch by batch, on every one of the machines; one program serves all of them. `fewerUnits`: joinSources.ts. */
export async function runBatches(
  batches: readonly Batch[],
  boardId: string,
  machines: readonly BoardChange[] = [unchanged],
  fewerUnits = false,
): Promise<string[][]> {
  const folder = await mkdtemp(join(tmpdir(), 'mote-batch-'));
  try {
    const dir = join(folder, 'pack');
    const host = boardId === 'host';
    const program = partsProgram(batches.map(partOf), dir, host);
    const { manifest, files } = fewerUnits ? joinSources(program) : program;
    await writeFolder(dir, files);
    if (host) return await runAll(await startHost(await buildWasm(dir, manifest), manifest), batches, host);
    const board = loadBoard(boardId);
    const image = join(folder, 'batch.elf');
    await buildFirmware(dir, board, image);
    const defects: string[][] = batches.map(() => []);
    for (const machine of machines) {
      const found = await runAll(await startDevice(machine(board), image, {}), batches, host);
      found.forEach((list, i) => void defects[i].push(...list));
    }
    return defects;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
