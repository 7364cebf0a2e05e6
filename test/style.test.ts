// SPDX-License-Identifier: Apache-2.0
// The house rules that a machine can check.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ErrorCode, errors } from '../src/cli/errors.js';
import { packageRoot } from '../src/packageRoot.js';

const maxFileLines = 800;

function filesUnder(folder: string, ending: RegExp): string[] {
  return readdirSync(join(packageRoot, folder), { withFileTypes: true, recursive: true })
    .filter((e) => e.isFile() && ending.test(e.name))
    .map((e) => relative(packageRoot, join(e.parentPath, e.name)).replaceAll('\\', '/'))
    .filter((path) => !path.startsWith('src/generated/'))
    .sort();
}

const read = (path: string): string => readFileSync(join(packageRoot, path), 'utf8');
/** Without comments. */
const code = (path: string): string => read(path).replace(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');
const sources = filesUnder('src', /\.ts$/);
const product = sources.filter((f) => !f.endsWith('.test.ts') && !f.includes('/testing/'));
const cFiles = filesUnder('runtime-c', /\.[ch]$/);

describe('style', () => {
  it('finds files to judge', () => {
    expect(product.length).toBeGreaterThan(50);
    expect(cFiles.length).toBeGreaterThan(20);
  });

  it.each([...sources, ...cFiles])(`%s opens with its licence and has at most ${maxFileLines} lines`, (file) => {
    const lines = read(file).split('\n');
    expect(lines.slice(0, 2).join('\n')).toContain('SPDX-License-Identifier: Apache-2.0');
    expect(lines.length).toBeLessThanOrEqual(maxFileLines);
  });

  it('only output.ts prints and only main.ts exits', () => {
    const offenders = product
      .filter((f) => f !== 'src/cli/output.ts' && f !== 'src/cli/main.ts')
      .filter((f) => /(?<![.'/])\bconsole\.|process\.(stdout|stderr|exit)\b/.test(code(f)));
    expect(offenders).toEqual([]);
  });

  it('no type is any, no module has state', () => {
    const any = product.filter((f) => /(: |<| as )any\b(?! )|\bany\[\]/.test(code(f)));
    expect(any).toEqual([]);
    const state = product.filter((f) => /^(export )?let /m.test(read(f)));
    expect(state).toEqual([]);
  });

  it('no program is started through a shell', () => {
    const offenders = product.filter((f) => /\bshell: true|\bexecSync\(|\bexec\(['"`]/.test(read(f)));
    expect(offenders).toEqual([]);
  });

  it('every error has its sentence, a documented exit code, and is used', () => {
    const all = product.map(read).join('\n');
    for (const code of Object.keys(errors) as ErrorCode[]) {
      expect(errors[code].exit, code).toBeGreaterThan(1);
      expect(all.split(`'${code}'`).length, `${code} is used`).toBeGreaterThan(2);
    }
  });

  it('kernels use no libc beyond memcpy and memset', () => {
    // The compiler's own headers of intrinsics are no libc.
    const intrinsics = ['arm_acle.h', 'arm_mve.h', 'riscv_vector.h', 'wasm_simd128.h'];
    const allowed = new Set(['stdint.h', 'stddef.h', 'string.h', 'stdbool.h', 'limits.h', ...intrinsics]);
    for (const file of cFiles.filter((f) => !f.includes('/firmware/'))) {
      const text = code(file);
      for (const [, header] of text.matchAll(/#\s*include\s*<([^>]+)>/g))
        expect([file, allowed.has(header)]).toEqual([file, true]);
      expect(text, file).not.toMatch(/\b(malloc|free|printf|memmove|strlen|expf?|logf?|sqrtf?|tanhf?|lrintf?)\s*\(/);
    }
  });
});
