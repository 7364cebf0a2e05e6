// SPDX-License-Identifier: Apache-2.0
// Cost files on disk: .mote/costs/BOARD.json under the folder that mote is called in, or the one that is named.
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTarget } from '../build/boards.js';
import { fail } from '../cli/errors.js';
import { withFileLock } from '../cli/fileLock.js';
import { readInput, writeOutput } from '../cli/files.js';
import { kernelCode } from '../emit/kernelCode.js';
import type { Board } from '../generated/board.js';
import type { CostFile } from '../generated/costs.js';
import type { RunRecord } from '../generated/run.js';
import { kernelTable } from '../ops/kernels.js';
import { parseJson } from '../schema.js';
import { type CostTable, learntTable } from './boardCosts.js';
import { emptyCosts, samplesOfRun, withRun } from './sampleRun.js';

/** 5000 rows of 3000 characters. */
const maxCostBytes = 16 * 1024 * 1024;

export const costsPath = (boardId: string): string => join('.mote', 'costs', `${boardId}.json`);

/** Parsed and checked against its schema; of which board it is, is for the caller to judge. */
export async function readCosts(path: string): Promise<CostFile> {
  return parseJson('costs', Buffer.from(await readInput(path, maxCostBytes)).toString('utf8'), path);
}

function requireBoard(file: CostFile, path: string, { id, target }: Pick<Board, 'id' | 'target'>): CostFile {
  if (file.board !== id) fail('costs.other', { path, got: file.board, expected: id });
  if (file.target !== target)
    fail('costs.other', { path, got: `${file.board} as a ${file.target}`, expected: `a ${target}` });
  return file;
}

const isThere = async (path: string): Promise<boolean> => (await stat(path).catch(() => undefined)) !== undefined;

/** The version of a kernel as it is now; undefined where there is none of this name. */
export const codeNow = (kernel: string): string | undefined =>
  kernelTable().some((r) => r.name === kernel) ? kernelCode(kernel) : undefined;

export interface FoundCosts {
  path: string;
  file: CostFile;
  table: CostTable;
}

/** The file that is named, else the board's in .mote/costs; undefined where there is none, and where `mayBeNew` is not there. */
export async function findCosts(
  board: Board,
  named: string | undefined,
  mayBeNew = false,
): Promise<FoundCosts | undefined> {
  const path = named ?? costsPath(board.id);
  if ((named === undefined || mayBeNew) && !(await isThere(path))) return undefined;
  const file = requireBoard(await readCosts(path), path, board);
  return { path, file, table: learntTable(file, loadTarget(board.target), board.clockHz, codeNow) };
}

/** Why a run cannot be learnt from. */
function refusal(run: RunRecord, file: CostFile): string | undefined {
  if (run.board !== file.board || run.target !== file.target) return `it ran on ${run.board}, not on ${file.board}`;
  if (run.counter.unit !== file.unit) return `it counts ${run.counter.unit}, the cost file ${file.unit}`;
  if (samplesOfRun(run).length === 0)
    return 'none of its layers says what it computed (it was made by an older mote, or all layers run in bands of rows)';
  return undefined;
}

export interface LearntRuns {
  path: string;
  added: number;
  dropped: number;
  table: CostTable;
}

interface NamedRun {
  /** The name of its file, for messages. */
  path: string;
  record: RunRecord;
}

/** Adds the runs to the board's cost file, and leaves out what is stale. Several mote may do so at once. */
export async function learnRuns(
  runs: readonly NamedRun[],
  board: Board,
  named: string | undefined,
): Promise<LearntRuns> {
  const path = named ?? costsPath(board.id);
  return withFileLock(path, () => addRuns(runs, board, path));
}

async function addRuns(runs: readonly NamedRun[], board: Board, path: string): Promise<LearntRuns> {
  const before = (await isThere(path)) ? requireBoard(await readCosts(path), path, board) : undefined;
  let file = before ?? emptyCosts(runs[0].record);
  let added = 0;
  for (const run of runs) {
    const reason = refusal(run.record, file);
    if (reason !== undefined) fail('costs.run', { path: run.path, reason });
    added += samplesOfRun(run.record).length;
    file = withRun(file, run.record);
  }
  const codes = new Map([...new Set(file.samples.map((s) => s.kernel))].map((k) => [k, codeNow(k)]));
  const samples = file.samples.filter((s) => codes.get(s.kernel) === s.code);
  const table = learntTable({ ...file, samples }, loadTarget(board.target), board.clockHz, (k) => codes.get(k));
  const fits = Object.fromEntries(
    Object.entries(table.rows)
      .filter(([, row]) => row.shapes > 0)
      .sort(),
  );
  await writeOutput(path, `${JSON.stringify({ ...file, samples, fits, energyFits: table.energies }, null, 1)}\n`);
  return { path, added, dropped: file.samples.length - samples.length, table };
}
