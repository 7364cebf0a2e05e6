// SPDX-License-Identifier: Apache-2.0
import { loadTarget } from '../../build/boards.js';
import { targetTable } from '../../costs/boardCosts.js';
import { predictPack } from '../../costs/predict.js';
import { withCosting } from '../../costs/withCosting.js';
import type { RunRecord } from '../../generated/run.js';
import { runRecord } from '../../measure/runRecord.js';
import { bytesOf } from '../../model/tensorData.js';
import { loadVectors, openPack, type PackFolder } from '../../packFolder.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { boardCosts, costOptions } from '../costOptions.js';
import { energyOptions, energySettings } from '../energyOptions.js';
import { fail } from '../errors.js';
import { writeOutput } from '../files.js';
import { learnFromFiles, learnFromRun, learnOptions, requireCostFile } from '../learn.js';
import { numberOption } from '../numberOption.js';
import type { Warning } from '../output.js';
import { profileBoard } from '../profileBoard.js';
import { layerLines, wholeLines } from '../profileLines.js';
import { keepRun } from '../runFiles.js';
import { inputScaleOption, readSamples } from '../sampleInput.js';
import { boardFor } from './build.js';

async function sampleOf(folder: PackFolder, options: OptionValues): Promise<Uint8Array[]> {
  const path = text(options, 'data');
  if (path === undefined) return (await loadVectors(folder)).inputs[0].map(bytesOf);
  const { data } = await readSamples(folder.manifest, path, text(options, 'inputScale'));
  return [bytesOf(data[0])];
}

interface Saved {
  /** Where the record is, for the user. */
  lines: string[];
  warnings: Warning[];
}

/** Under .mote/runs unless that is not wanted, and where -o says. */
export async function saveRun(record: RunRecord, options: OptionValues): Promise<Saved> {
  const output = text(options, 'output');
  if (output !== undefined) await writeOutput(output, `${JSON.stringify(record, null, 2)}\n`);
  const wrote = output === undefined ? [] : [`wrote   ${output}`];
  if (options.save === false) return { lines: wrote, warnings: [] };
  const kept = await keepRun(record);
  if ('path' in kept)
    return { lines: [...wrote, `kept    ${kept.path}   next: mote report, mote compare`], warnings: [] };
  return {
    lines: wrote,
    warnings: [{ code: 'run.unsaved', text: `the run could not be kept in .mote/runs: ${kept.reason}` }],
  };
}

export const profile: CommandSpec = {
  name: 'profile',
  summary: 'counts and milliseconds of each layer on a board or its emulator, and energy with a meter',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote', optional: true }],
  options: [
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    {
      flags: '--port <path>',
      text: 'serial port or tcp:HOST:PORT of a board with the firmware (default: the emulator)',
    },
    { flags: '--runs <n>', text: 'measured runs (default 10)' },
    { flags: '--warmups <n>', text: 'runs before them (default 2)' },
    { flags: '--data <x.npy>', text: 'the first input is profiled (default: the first test vector)' },
    inputScaleOption,
    ...energyOptions,
    ...costOptions,
    ...learnOptions,
    { flags: '-o, --output <file>', text: 'also write the run record (JSON) there' },
    { flags: '--no-save', text: 'do not keep the run record in .mote/runs' },
  ],
  async run([dir], options, out) {
    requireCostFile(options);
    if (options.from !== undefined) return learnFromFiles(dir, options, out.width);
    if (dir === undefined) fail('usage.bad', { what: 'profile what? no folder was given', command: 'profile' });
    const folder = await openPack(dir);
    const board = boardFor(folder.manifest, text(options, 'board'));
    const port = text(options, 'port');
    const energy = energySettings(options);
    const runs = Math.floor(numberOption(options, 'runs', 'runs', 10, 1));
    const warmups = Math.floor(numberOption(options, 'warmups', 'warmups', 2, 0));
    const sample = await sampleOf(folder, options);
    const { found, warnings } = await boardCosts(options, board, 'profile');
    const prediction = predictPack(folder.manifest, found?.table ?? targetTable(loadTarget(board.target)));
    const parts = await profileBoard({ folder, board, port, sample, runs, warmups, ...(energy && { energy }) }, out);
    const record = withCosting(runRecord(parts), folder.manifest, prediction);
    // Kept first: a cost file that cannot be written must not cost the run.
    const saved = await saveRun(record, options);
    const learnt = options.learn === true && !parts.broken ? await learnFromRun(record, board, options) : [];
    return {
      data: record,
      lines: [
        `board   ${board.id}   ${port ?? 'emulator'}   ${record.name} ${record.hash}   ${warmups} warm-up, ${runs} runs`,
        '',
        ...layerLines(record, out.width),
        '',
        ...wholeLines(record),
        ...learnt,
        ...saved.lines,
      ],
      warnings: [...warnings, ...record.warnings, ...saved.warnings],
      ...(parts.broken && { error: parts.broken }),
    };
  },
};
