// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { packageRoot } from '../packageRoot.js';
import { opSpecs } from './index.js';
import { kernelFolder, kernelName, kernelNamePattern, kernelTable } from './kernels.js';
import { sigmoidTable } from './sigmoidTable.js';

const rows = kernelTable();
const include = join(packageRoot, 'runtime-c', 'include', 'mote');
const shared = new Set(['lut', 'segments', 'stridedCopy', 'stridedCopyDeep', 'packedConv']);

/** The compiler's own, for kernels of one instruction set. */
const intrinsicHeaders = new Set(['arm_acle.h', 'arm_mve.h', 'riscv_vector.h', 'wasm_simd128.h']);

describe('the kernel table', () => {
  it.each(rows)('$name: name, source, header and columns agree', (row) => {
    const [, op, types, , isa] = kernelNamePattern.exec(row.name) ?? [];
    expect([types, isa]).toEqual([row.activation + row.weight, row.isa]);
    // An instruction set's kernel may be of a family of its own, with its own header; the operator is the IR's all the same.
    if (row.isa === 'ref') expect(op).toBe(row.op.toLowerCase());
    expect(row.source).toBe(`${op}/${row.name}.c`);
    const text = readFileSync(join(kernelFolder, row.source), 'utf8');
    expect(text).toMatch(new RegExp(`^void ${row.name}\\(const ${row.name.replace(/__.*/, '')} \\*p, `, 'm'));
    const header = readFileSync(join(include, `${op}.h`), 'utf8');
    expect(header).toContain(`void ${row.name}(`);
    expect(text.match(/^(?!static)[a-z]\w* \*?\w+\(/gm), 'one public function').toHaveLength(1);
    expect(opSpecs.has(row.op) || shared.has(row.op)).toBe(true);
    if (row.isa === 'ref') expect(kernelName(row.op, row.activation, row.weight)).toBe(row.name);
  });

  it('lists every kernel on disk once', () => {
    const files = readdirSync(kernelFolder, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.c'));
    expect(rows.map((r) => r.source).sort()).toEqual(files.map((f) => f.replaceAll('\\', '/')).sort());
    expect(new Set(rows.map((r) => r.name)).size).toBe(rows.length);
  });

  it('includes nothing but its own headers, stdint.h and string.h', () => {
    for (const { source, isa } of rows) {
      const includes = [...readFileSync(join(kernelFolder, source), 'utf8').matchAll(/#include [<"]([^>"]+)/g)].map(
        (m) => m[1],
      );
      for (const name of includes) {
        if (isa !== 'ref' && intrinsicHeaders.has(name)) continue;
        if (!['stdint.h', 'string.h'].includes(name)) expect(existsSync(join(include, '..', name)), name).toBe(true);
      }
    }
  });

  it('fails clearly where there is no kernel', () => {
    expect(() => kernelName('conv2d', 's8', 's4')).toThrow('no kernel for conv2d s8s4 on ref');
  });

  it('has the same logistic table in C and TypeScript', () => {
    const text = readFileSync(join(include, 'sigmoidtable.h'), 'utf8');
    const numbers = text.slice(text.indexOf('{'), text.indexOf('}')).match(/\d+/g)?.map(Number);
    expect(numbers).toEqual([...sigmoidTable]);
    sigmoidTable.forEach((v, i) => {
      expect(Math.abs(v - 65536 / (1 + Math.exp(-i / 24)))).toBeLessThan(1.5);
    });
  });
});
