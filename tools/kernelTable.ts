// SPDX-License-Identifier: Apache-2.0
// The kernel table as Markdown, from runtime-c/kernels/kernels.json and the variants, into README.md between its markers.
// `npx tsx tools/kernelTable.ts` writes it, and operatorTable.ts's; test/kernelTable.test.ts fails when it is old.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type KernelRow, kernelTable } from '../src/ops/kernels.js';
import { variants } from '../src/ops/variants/index.js';
import { packageRoot } from '../src/packageRoot.js';
import { operatorTable, operatorTableFile } from './operatorTable.js';

/** Instruction sets in the order of the columns. */
const isas = ['ref', 'c99', 'thumb', 'scalar', 'dsp', 'mve', 'rv32', 'rvv', 'simd128'];

const formats = new Set(['int', 'ternary', 'trits', 'binary', 'palette', 'sparse', 'block']);

interface Entry {
  op: string;
  isa: string;
  types: string;
}

/** What each kernel computes; one kernel may serve several operators. */
function entries(): Entry[] {
  const rows = new Map(kernelTable().map((r) => [r.name, r]));
  // Weights below eight bits have a row of their own, of the formats.
  const entry = (row: KernelRow, op: string, isa: string): Entry =>
    formats.has(row.weight)
      ? { op: 'packedConv', isa, types: [row.weight, ...(row.also ?? [])].join(' ') }
      : { op, isa, types: row.activation };
  const references = [...rows.values()].filter((r) => r.isa === 'ref').map((r) => entry(r, r.op, r.isa));
  const fast = variants.flatMap((v): Entry[] => {
    const row = rows.get(v.kernel);
    return row ? [entry(row, v.op, v.isa)] : [];
  });
  return [...references, ...fast];
}

export function kernelMatrix(): string {
  const all = entries();
  const cell = (op: string, isa: string): string =>
    [...new Set(all.filter((e) => e.op === op && e.isa === isa).flatMap((e) => e.types.split(' ')))].join(' ');
  const lines = [...new Set(all.map((e) => e.op))]
    .sort()
    .map((op) => `| ${op} | ${isas.map((isa) => cell(op, isa)).join(' | ')} |`);
  return [`| operator | ${isas.join(' | ')} |`, `| --- |${' --- |'.repeat(isas.length)}`, ...lines].join('\n');
}

const [begin, end] = ['<!-- kernels: tools/kernelTable.ts -->', '<!-- end of kernels -->'];

/** The README with the table of today. */
export function withKernelMatrix(readme: string): string {
  const [before, rest] = readme.split(begin);
  return `${before}${begin}\n${kernelMatrix()}\n${end}${rest.split(end)[1]}`;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const path = join(packageRoot, 'README.md');
  writeFileSync(path, withKernelMatrix(readFileSync(path, 'utf8')));
  writeFileSync(operatorTableFile, operatorTable());
}
