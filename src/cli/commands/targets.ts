// SPDX-License-Identifier: Apache-2.0
import { listTargets, loadTarget } from '../../build/boards.js';
import type { Target } from '../../generated/target.js';
import { table } from '../../report/table.js';
import type { CommandSpec } from '../command.js';

const describe = (t: Target): string[] => [
  `${t.id}   ${t.name}`,
  `kernels   ${t.isa.join(', ')}`,
  `zig cc    -target ${t.zig.target}${t.zig.cpu ? ` -mcpu=${t.zig.cpu}` : ''} ${t.zig.flags.join(' ')}`,
  `gcc       ${t.gcc ? `${t.gcc.prefix}gcc ${t.gcc.flags.join(' ')}` : 'no back end'}`,
  ...t.sources.map((s) => `source    ${s}`),
];

export const targets: CommandSpec = {
  name: 'targets',
  summary: 'list the targets (CPUs), or describe one',
  arguments: [{ name: 'id', text: 'target to describe', optional: true }],
  options: [],
  async run([id], _options, out) {
    if (id !== undefined) {
      const target = loadTarget(id);
      return { data: target, lines: describe(target) };
    }
    const all = listTargets();
    const rows = all.map((t) => [t.id, t.name, t.arch, t.isa.join(' '), t.fpu ? 'yes' : 'no']);
    return {
      data: { targets: all },
      lines: table(
        [{ title: 'id' }, { title: 'name' }, { title: 'arch' }, { title: 'kernel sets' }, { title: 'fpu' }],
        rows,
        out.width,
      ),
    };
  },
};
