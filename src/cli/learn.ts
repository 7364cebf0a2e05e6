// SPDX-License-Identifier: Apache-2.0
// mote profile --learn: what was counted goes into the board's cost file.
import { loadBoard } from '../build/boards.js';
import { type LearntRuns, learnRuns } from '../costs/costFile.js';
import type { Board } from '../generated/board.js';
import type { RunRecord } from '../generated/run.js';
import { errorText } from '../report/prediction.js';
import { right, table } from '../report/table.js';
import { list, type OptionSpec, type OptionValues, text } from './command.js';
import { costWarnings } from './costOptions.js';
import { fail } from './errors.js';
import type { Answer } from './output.js';
import { readRun } from './runFiles.js';

export const learnOptions: OptionSpec[] = [
  {
    flags: '--learn',
    text: "add what was counted to the board's cost file (that of --costs), by which pack, tune and inspect then predict",
  },
  { flags: '--from <run...>', text: 'with --learn, instead of a folder: run records of before' },
];

/** Before anything is run. */
export function requireCostFile(options: OptionValues): void {
  if (options.learn === true && options.costs === false)
    fail('usage.bad', { what: '--learn writes a cost file and --no-costs wants none', command: 'profile' });
}

const summary = ({ path, added, dropped, table: t }: LearntRuns): string =>
  `learnt  ${path}   ${added} ${added === 1 ? 'shape' : 'shapes'} from this, ${t.counted.size} of ${t.sessions.length} ${t.sessions.length === 1 ? 'model' : 'models'} in all${dropped > 0 ? `; ${dropped} of older kernels removed` : ''}`;

/** Of one run that was just made; a line for the user. */
export async function learnFromRun(record: RunRecord, board: Board, options: OptionValues): Promise<string[]> {
  return [summary(await learnRuns([{ path: 'this run', record }], board, text(options, 'costs')))];
}

/** What each kernel's row came to. */
function fitLines({ table: t }: LearntRuns, width: number): string[] {
  const rows = Object.entries(t.rows)
    .filter(([, row]) => row.shapes > 0)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([kernel, row]) => [kernel, String(row.shapes), row.how, errorText(row.errorPercent), row.from]);
  const columns = [{ title: 'kernel' }, right('shapes'), { title: 'row' }, right('±'), { title: 'source' }];
  return table(columns, rows, width);
}

/** Of run records. */
export async function learnFromFiles(dir: string | undefined, options: OptionValues, width: number): Promise<Answer> {
  const paths = list(options, 'from');
  if (dir !== undefined || options.learn !== true)
    fail('usage.bad', { what: '--from takes run records for --learn, and no folder beside them', command: 'profile' });
  const runs = await Promise.all(paths.map(async (path) => ({ path, record: await readRun(path) })));
  const learnt = await learnRuns(
    runs,
    loadBoard(text(options, 'board') ?? runs[0].record.board),
    text(options, 'costs'),
  );
  const { path, added, dropped, table: t } = learnt;
  const kernels = Object.fromEntries(Object.entries(t.rows).filter(([, row]) => row.shapes > 0));
  return {
    data: { costs: path, added, dropped, shapes: t.counted.size, models: t.sessions.length, unit: t.unit, kernels },
    lines: [...fitLines(learnt, width), '', summary(learnt)],
    warnings: costWarnings(learnt),
  };
}
