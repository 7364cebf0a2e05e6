// SPDX-License-Identifier: Apache-2.0
// Kernel cases for the machine's own compiler with its sanitizers: every buffer is its own heap block of the exact size.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { exec } from '../../src/build/exec.js';
import { inParallel } from '../../src/inParallel.js';
import { type KernelRow, kernelFolder } from '../../src/ops/kernels.js';
import { packageRoot } from '../../src/packageRoot.js';
import { caseSource, maxInputs, maxMore } from './caseSource.js';
import { unitsOf, unitText } from './joinSources.js';
import type { KernelCase } from './kernelCase.js';
import { bytesOf } from './wasmCases.js';

export const warningFlags = [
  '-std=c99',
  '-Wall',
  '-Wextra',
  '-Wconversion',
  '-Wsign-conversion',
  '-Wshadow',
  '-Wstrict-prototypes',
  '-Wmissing-prototypes',
  '-Werror',
];
export const includeFlags = [`-I${join(packageRoot, 'runtime-c', 'include')}`];

/** Whether this program runs here at all. */
export async function isThere(program: string): Promise<boolean> {
  try {
    return (await promisify(execFile)(program, ['--version'])).stdout !== '';
  } catch {
    return false;
  }
}

/** Reads vectors.bin: per case the scratch size, the inputs (count, then bytes each), the expected output, and the outputs
 *  after the first (count, then bytes each). */
const mainSource = `#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void mote_case(int index, const void *const *in, void *out, void *const *more, void *scratch);

static void *block(FILE *file, uint32_t *bytes)
{
    if (fread(bytes, 4, 1, file) != 1) exit(3);
    void *data = malloc(*bytes);
    if (*bytes && (!data || fread(data, *bytes, 1, file) != 1)) exit(3);
    return data;
}

/* Every NaN equals every other: which bits one has is the processor's choice. */
static int differ(const void *a, const void *b, uint32_t bytes)
{
    const uint32_t exponent = 0x7F800000u;
    uint32_t x, y;
    if (memcmp(a, b, bytes) == 0) return 0;
    if (bytes % 4) return 1;
    for (uint32_t at = 0; at < bytes; at += 4) {
        memcpy(&x, (const char *)a + at, 4);
        memcpy(&y, (const char *)b + at, 4);
        if (x != y && !((x & 0x7FFFFFFFu) > exponent && (y & 0x7FFFFFFFu) > exponent)) return 1;
    }
    return 0;
}

int main(int argc, char **argv)
{
    FILE *file = argc > 1 ? fopen(argv[1], "rb") : 0;
    uint32_t cases, scratch_bytes, inputs, outputs, bytes;
    if (!file || fread(&cases, 4, 1, file) != 1) return 3;
    for (uint32_t i = 0; i < cases; i++) {
        void *in[${maxInputs}] = {0}, *wanted[${maxMore}] = {0}, *more[${maxMore}] = {0};
        uint32_t sizes[${maxMore}] = {0};
        if (fread(&scratch_bytes, 4, 1, file) != 1 || fread(&inputs, 4, 1, file) != 1) return 3;
        for (uint32_t k = 0; k < inputs; k++) in[k] = block(file, &bytes);
        void *expected = block(file, &bytes);
        void *out = malloc(bytes);
        if (fread(&outputs, 4, 1, file) != 1) return 3;
        for (uint32_t k = 0; k < outputs; k++) {
            wanted[k] = block(file, &sizes[k]);
            more[k] = malloc(sizes[k]);
        }
        void *scratch = malloc(scratch_bytes);
        mote_case((int)i, (const void *const *)in, out, (void *const *)more, scratch);
        int bad = differ(out, expected, bytes);
        for (uint32_t k = 0; k < outputs; k++) {
            bad |= differ(more[k], wanted[k], sizes[k]);
            free(wanted[k]);
            free(more[k]);
        }
        if (bad) printf("%u\\n", (unsigned)i);
        for (uint32_t k = 0; k < inputs; k++) free(in[k]);
        free(expected);
        free(out);
        free(scratch);
    }
    fclose(file);
    return 0;
}
`;

function vectors(cases: readonly KernelCase[]): Uint8Array {
  const word = (n: number): Uint8Array => new Uint8Array(Uint32Array.of(n).buffer);
  const block = (bytes: Uint8Array): Uint8Array[] => [word(bytes.length), bytes];
  return Buffer.concat([
    word(cases.length),
    ...cases.flatMap((c) => [
      word(c.call.scratchBytes),
      word(c.inputs.length),
      ...c.inputs.flatMap((d) => block(bytesOf(d))),
      ...block(bytesOf(c.expected)),
      word(c.more.length),
      ...c.more.flatMap((m) => block(bytesOf(m.expected))),
    ]),
  ]);
}

/** The kernels in few translation units, written to the folder: starting on a file takes longer than compiling one. */
export async function writeUnits(rows: readonly KernelRow[], folder: string): Promise<string[]> {
  const sources = rows.map((r) => join(kernelFolder, r.source));
  const units = unitsOf(sources, (source) => readFileSync(source, 'utf8'));
  return Promise.all(
    units.map(async (unit, i) => {
      const path = join(folder, `unit_${i}.c`);
      await writeFile(path, unitText(unit));
      return path;
    }),
  );
}

/** Compiles each file with the machine's compiler, as many at a time as there are processors; the objects. */
async function compileAll(
  files: readonly string[],
  flags: readonly string[],
  more: Readonly<Record<string, readonly string[]>>,
): Promise<string[]> {
  const jobs = files.map((file) => async () => {
    const object = file.replace(/\.c$/, '.o');
    const compiled = await exec('cc', [...flags, ...(more[basename(file)] ?? []), '-c', file, '-o', object]);
    if (compiled.status !== 0) throw new Error(compiled.stderr.slice(0, 4000));
    return object;
  });
  return inParallel(jobs);
}

/** Numbers of the cases whose result differs; fails with what the compiler or a sanitizer says. */
export async function runNative(
  rows: readonly KernelRow[],
  cases: readonly KernelCase[],
  folder: string,
): Promise<number[]> {
  const file = (name: string): string => join(folder, name);
  await writeFile(file('cases.c'), caseSource(cases));
  await writeFile(file('main.c'), mainSource);
  await writeFile(file('vectors.bin'), vectors(cases));
  const sanitizers = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all', '-g', '-O1', '-ffp-contract=off'];
  const units = await writeUnits(rows, folder);
  const flags = [...warningFlags, ...sanitizers, ...includeFlags];
  // Megabytes of constants and a call for each case: nothing there is worth optimizing.
  const objects = await compileAll([file('cases.c'), file('main.c'), ...units], flags, { 'cases.c': ['-O0'] });
  const linked = await exec('cc', [...sanitizers, ...objects, '-o', file('cases')]);
  if (linked.status !== 0) throw new Error(linked.stderr.slice(0, 4000));
  const run = await exec(file('cases'), [file('vectors.bin')]);
  if (run.status !== 0) throw new Error(`exit ${run.status}: ${run.stderr.slice(0, 4000)}`);
  return run.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map(Number);
}
