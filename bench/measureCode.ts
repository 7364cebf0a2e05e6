// SPDX-License-Identifier: Apache-2.0
// npx tsx bench/measureCode.ts [TARGET...] [--kernel TEXT]: measures the linked code of every kernel that has an alternative on a target,
// compiled for size as the firmware of a `--prefer size` pack is, and writes it to targets/TARGET.json as `codeBytes`.
// A kernel is linked alone, with what it calls; memcpy and memset are not counted, the firmware has them anyway.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { listTargets } from '../src/build/boards.js';
import { readElf, sectionFlags, sectionTypes } from '../src/build/elf.js';
import { openToolchain } from '../src/build/toolchain.js';
import type { Target } from '../src/generated/target.js';
import { type KernelRow, kernelFolder, kernelTable } from '../src/ops/kernels.js';
import { variants } from '../src/ops/variants/index.js';
import { packageRoot } from '../src/packageRoot.js';
import { withTargetRows } from './targetRows.js';

const libc = join(packageRoot, 'runtime-c', 'firmware', 'libc');
const libcSource = join(packageRoot, 'runtime-c', 'firmware', 'libc_min.c');
const notCounted = new Set(['memcpy', 'memset', 'memmove', 'memcmp']);

/** The target's variants, and the reference kernels that stand beside them. */
function kernelsOf(target: Target): KernelRow[] {
  const own = variants.filter((v) => target.isa.includes(v.isa));
  const names = new Set(own.map((v) => v.kernel));
  const ops = new Set([...own.map((v) => v.op), 'packedConv']);
  return kernelTable().filter(
    (r) => names.has(r.name) || (r.isa === 'ref' && ['s8', 'x8', 'b1'].includes(r.activation) && ops.has(r.op)),
  );
}

async function codeBytes(target: Target, row: KernelRow): Promise<number> {
  const folder = await mkdtemp(join(tmpdir(), 'mote-code-'));
  try {
    const output = join(folder, 'kernel.elf');
    await openToolchain().compileAndLink({
      target,
      sources: [],
      smallSources: [join(kernelFolder, row.source), libcSource],
      includes: [join(packageRoot, 'runtime-c', 'include'), libc],
      defines: [],
      linkArgs: [`-Wl,--entry=${row.name}`],
      workFolder: folder,
      output,
    });
    const elf = readElf(await readFile(output));
    const loaded = elf.sections.filter(
      (s) => s.flags & sectionFlags.alloc && s.type !== sectionTypes.nobits && /^\.(text|rodata|data)/.test(s.name),
    );
    const extra = elf.symbols.filter((s) => s.type === 'function' && notCounted.has(s.name));
    const sum = (list: readonly { size: number }[]): number => list.reduce((n, s) => n + s.size, 0);
    return sum(loaded) - sum(extra);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const { values, positionals: only } = parseArgs({
  allowPositionals: true,
  options: { kernel: { type: 'string', default: '' } },
});
for (const target of listTargets().filter((t) => t.startup !== 'none' && (!only.length || only.includes(t.id)))) {
  const path = join(packageRoot, 'targets', `${target.id}.json`);
  const kernels = kernelsOf(target);
  const rows: [string, number][] = [];
  for (const row of kernels) {
    const known = target.codeBytes?.[row.name];
    if (row.name.includes(values.kernel)) rows.push([row.name, await codeBytes(target, row)]);
    else if (known !== undefined) rows.push([row.name, known]);
  }
  const sorted = Object.fromEntries(rows.sort(([a], [b]) => (a < b ? -1 : 1)));
  await writeFile(path, withTargetRows(await readFile(path, 'utf8'), 'codeBytes', sorted));
}
