// SPDX-License-Identifier: Apache-2.0
// The kernels and headers of runtime-c/ that one model needs: sources by the kernel table, headers by following #include.
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { kernelTable } from '../ops/kernels.js';
import { packageRoot } from '../packageRoot.js';

const includePattern = /^\s*#\s*include\s+"(mote\/[a-z0-9_]+\.h)"/gm;

const includesOf = (text: string): string[] => [...text.matchAll(includePattern)].map((m) => m[1]);

/** Calls that start an NPU instead of computing: C function -> its file in runtime-c/. */
const npuSources: Readonly<Record<string, string>> = {
  mote_ethosu_run: 'npu/mote_ethosu_run.c',
  mote_kpu_run: 'npu/mote_kpu_run.c',
};

/** Whether any C compiler builds it, though no kernel table lists it. */
export const isNpuCall = (kernel: string): boolean => Object.hasOwn(npuSources, kernel);

/** Path in the pack -> text, for these kernels and everything they include. */
export function runtimeFiles(kernels: readonly string[], extraHeaders: readonly string[]): Map<string, string> {
  const files = new Map<string, string>();
  const headers: string[] = [...extraHeaders];
  const rows = new Map(kernelTable().map((row) => [row.name, row]));
  for (const kernel of [...new Set(kernels)].sort()) {
    const source = isNpuCall(kernel) ? npuSources[kernel] : `kernels/${rows.get(kernel)?.source}`;
    if (!isNpuCall(kernel) && !rows.has(kernel)) throw new Error(`kernel ${kernel} is not in the table`);
    const text = readFileSync(join(packageRoot, 'runtime-c', source), 'utf8');
    files.set(`kernels/${basename(source)}`, text);
    headers.push(...includesOf(text));
  }
  while (headers.length) {
    const header = headers.pop() as string;
    if (files.has(header)) continue;
    const text = readFileSync(join(packageRoot, 'runtime-c', 'include', header), 'utf8');
    files.set(header, text);
    headers.push(...includesOf(text));
  }
  return files;
}
