// SPDX-License-Identifier: Apache-2.0
// Run records on disk. Each profiled run is kept as .mote/runs/NNNN-NAME-BOARD.json under the present folder; a run is
// named by its number, its name or a path.
import { randomUUID } from 'node:crypto';
import { readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RunRecord } from '../generated/run.js';
import { parseJson } from '../schema.js';
import { fail } from './errors.js';
import { readInput } from './files.js';
import { makeFolder } from './makeFolder.js';

export const runFolder: string = join('.mote', 'runs');

const fileName = /^(\d{4,9})-[A-Za-z0-9._-]+\.json$/;
const mostTries = 100;

/** Names of kept runs, oldest first. */
export async function keptRuns(folder: string = runFolder): Promise<string[]> {
  const names = await readdir(folder).catch(() => [] as string[]);
  return names.filter((n) => fileName.test(n)).sort((a, b) => numberOf(a) - numberOf(b));
}

const numberOf = (name: string): number => Number(fileName.exec(name)?.[1]);

/** Gives the path, or why it could not be kept: a measurement must not be lost to a folder that cannot be written. */
export async function keepRun(
  record: RunRecord,
  folder: string = runFolder,
): Promise<{ path: string } | { reason: string }> {
  const temporary = join(folder, `.${process.pid}.${randomUUID()}.tmp`);
  try {
    await makeFolder(folder);
    await writeFile(temporary, `${JSON.stringify(record, null, 2)}\n`);
    return {
      path: await moveToUnused(temporary, folder, `${record.name}-${record.board}`.replace(/[^A-Za-z0-9._-]+/g, '_')),
    };
  } catch (error) {
    return { reason: (error as NodeJS.ErrnoException).code ?? String(error) };
  } finally {
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

/** The number is claimed by a file that only one can make, so that two runs at a time never get the same one. */
async function moveToUnused(temporary: string, folder: string, name: string): Promise<string> {
  let number = numberOf((await keptRuns(folder)).at(-1) ?? '0000-none.json') + 1;
  for (let i = 0; i < mostTries; i++, number++) {
    const digits = String(number).padStart(4, '0');
    const claim = join(folder, `.${digits}.claim`);
    if (!(await writeFile(claim, '', { flag: 'wx' }).then(() => true, isTaken))) continue;
    try {
      if ((await keptRuns(folder)).some((n) => numberOf(n) === number)) continue;
      const path = join(folder, `${digits}-${name}.json`);
      await rename(temporary, path);
      return path;
    } finally {
      await rm(claim, { force: true });
    }
  }
  throw new Error(`no number is free up to ${number}`);
}

function isTaken(error: NodeJS.ErrnoException): false {
  if (error.code === 'EEXIST') return false;
  throw error;
}

/** The path that a name stands for: `3`, `0003`, `0003-digits-pico`, `latest`, or a path. */
export async function runPath(named: string): Promise<string> {
  const runs = await keptRuns();
  if (named === 'latest') return join(runFolder, runs.at(-1) ?? fail('run.none', { what: 'no run was kept here yet' }));
  const found = runs.filter(
    (n) => n === named || n === `${named}.json` || (/^\d+$/.test(named) && numberOf(n) === Number(named)),
  );
  if (found.length > 0) return join(runFolder, found[0]);
  if (/^\d+$/.test(named)) {
    const numbers =
      runs.length > 0 ? `kept are ${numberOf(runs[0])} to ${numberOf(runs[runs.length - 1])}` : 'none was kept';
    return fail('run.none', { what: `there is no run ${named} here: ${numbers}` });
  }
  return named;
}

export async function readRun(named: string): Promise<RunRecord> {
  const path = await runPath(named);
  return parseJson('run', Buffer.from(await readInput(path)).toString('utf8'), path);
}
