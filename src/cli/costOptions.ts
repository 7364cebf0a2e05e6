// SPDX-License-Identifier: Apache-2.0
// --costs and --no-costs: the board's cost file, for the commands that predict.
import { type FoundCosts, findCosts } from '../costs/costFile.js';
import type { Board } from '../generated/board.js';
import { type OptionSpec, type OptionValues, text } from './command.js';
import { fail } from './errors.js';
import type { Warning } from './output.js';

export const costOptions: OptionSpec[] = [
  {
    flags: '--costs <file>',
    text: 'what the board took, as mote profile --learn wrote it (default: .mote/costs/BOARD.json, where it is there)',
  },
  { flags: '--no-costs', text: "predict by the target's table of emulated instructions alone" },
];

export interface BoardCosts {
  found: FoundCosts | undefined;
  warnings: Warning[];
}

const kernelsOf = (samples: readonly { kernel: string }[]): string[] =>
  [...new Set(samples.map((s) => s.kernel))].sort();

/** What was left out of a cost file, and why. */
export function costWarnings({ path, table }: Pick<FoundCosts, 'path' | 'table'>): Warning[] {
  const warnings: Warning[] = [];
  const kernels = kernelsOf(table.stale);
  const all = table.stale.length + table.counted.size;
  if (kernels.length > 0)
    warnings.push({
      code: 'costs.stale',
      text: `${path} is stale: ${table.stale.length} of ${all} rows are of other versions of ${kernels.length === 1 ? 'the kernel' : `${kernels.length} kernels, such as`} ${kernels[0]}, and were left out; mote profile --learn again`,
    });
  if (table.otherClock > 0)
    warnings.push({
      code: 'costs.clock',
      text: `${path} has ${table.otherClock} rows at another clock than the board file says; they were left out`,
    });
  return warnings;
}

/** The cost file that the options or the board name. */
export async function boardCosts(
  options: OptionValues,
  board: Board | undefined,
  command: string,
): Promise<BoardCosts> {
  if (options.costs === false) return { found: undefined, warnings: [] };
  const named = text(options, 'costs');
  if (!board) {
    if (named !== undefined) fail('usage.bad', { what: '--costs is of a board: name it by --board', command });
    return { found: undefined, warnings: [] };
  }
  const found = await findCosts(board, named, options.learn === true);
  return { found, warnings: found ? costWarnings(found) : [] };
}
