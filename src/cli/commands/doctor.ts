// SPDX-License-Identifier: Apache-2.0
import { systemRoots } from '../../discover/roots.js';
import { table } from '../../report/table.js';
import type { CommandSpec } from '../command.js';
import { type Check, runChecks } from '../doctorChecks.js';
import { MoteError } from '../errors.js';

const lineOf = (c: Check): string[] => [c.group, c.name, c.state, c.detail];

export const doctor: CommandSpec = {
  name: 'doctor',
  summary: 'check what mote needs and can use here: compilers, emulators, flash tools, permissions',
  arguments: [],
  options: [],
  async run(_args, _options, out) {
    const checks = await runChecks(systemRoots());
    const broken = checks.find((c) => c.state === 'broken');
    const unhappy = checks.filter((c) => c.state !== 'ok' && c.help);
    return {
      data: { checks },
      lines: [
        ...table(
          [{ title: 'what' }, { title: 'name' }, { title: 'state' }, { title: 'detail' }],
          checks.map(lineOf),
          out.width,
        ),
        '',
        ...unhappy.map((c) => `${c.name}: ${c.help}`),
      ],
      ...(broken && { error: new MoteError('tool.missing', { tool: broken.name, how: broken.help ?? '' }) }),
    };
  },
};
