// SPDX-License-Identifier: Apache-2.0
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { writeFolder, writeOutput } from './files.js';

const root = mkdtempSync(join(tmpdir(), 'mote-test-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));
const at = (...path: string[]): string => join(root, ...path);
const packOf = (text: string) =>
  new Map([
    ['pack.json', text],
    ['kernels/k.c', text],
  ]);
writeFileSync(at('file'), '');

describe('a file that is written', () => {
  it('below a file is refused in words', async () => {
    await expect(writeOutput(at('file', 'x'), 'y')).rejects.toThrow("x': a part of its path is no folder");
  });

  it.skipIf(process.platform === 'win32')('leaves devices and links what they are', async () => {
    symlinkSync('/dev/null', at('null'));
    await writeOutput(at('null'), 'gone');
    expect([lstatSync('/dev/null').isCharacterDevice(), lstatSync(at('null')).isSymbolicLink()]).toEqual([true, true]);
    writeFileSync(at('real'), 'old');
    symlinkSync(at('real'), at('link'));
    await writeOutput(at('link'), 'new');
    expect([lstatSync(at('link')).isSymbolicLink(), readFileSync(at('real'), 'utf8')]).toEqual([true, 'new']);
  });
});

describe('a folder that is written', () => {
  it('below a file is refused in words', async () => {
    await expect(writeFolder(at('file', 'x'), packOf('1'))).rejects.toThrow("x': a part of its path is no folder");
  });

  it.skipIf(process.platform === 'win32')('replaces what a link leads to, and not the link', async () => {
    mkdirSync(at('disk'));
    symlinkSync(at('disk'), at('build'));
    await writeFolder(at('build'), packOf('1'));
    await writeFolder(at('build'), packOf('2'));
    expect(lstatSync(at('build')).isSymbolicLink()).toBe(true);
    expect(readFileSync(at('disk', 'kernels', 'k.c'), 'utf8')).toBe('2');
  });

  it('by two at once is that of one of them, whole', async () => {
    await Promise.all(Array.from({ length: 8 }, (_, k) => writeFolder(at('shared'), packOf(String(k)))));
    const pack = readFileSync(at('shared', 'pack.json'), 'utf8');
    expect(readFileSync(at('shared', 'kernels', 'k.c'), 'utf8')).toBe(pack);
    expect(readdirSync(root).filter((name) => name.startsWith('.'))).toEqual([]);
  });
});
