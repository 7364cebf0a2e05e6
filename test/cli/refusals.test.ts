// SPDX-License-Identifier: Apache-2.0
// What a shell may do to mote, and what a model's names may try in a terminal: one sentence each, and nothing left behind.
import { spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-refusals-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cli = join(packageRoot, 'dist', 'cli', 'main.js');
const digits = join(packageRoot, 'models', 'digits', 'digits.onnx');

function mote(args: string[], env: Record<string, string> = {}, stdout: 'pipe' | number = 'pipe') {
  const {
    status,
    stdout: text,
    stderr,
  } = spawnSync(process.execPath, [cli, ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 120_000,
    stdio: ['ignore', stdout, 'pipe'],
    env: { ...process.env, ...env },
  });
  return { status, text, stderr };
}

describe('what mote refuses', () => {
  it.each([
    [['profile', 'p', '--volt', '5'], 2, '--volt says nothing without --energy'],
    [['verify', 'p', '--out', 'y.npy'], 2, '--out says nothing without --data'],
    [['boards', '--like', 'pico'], 2, '--like says nothing without --new'],
    [['pack', digits, '--board', 'pico', '--name', 'mote', '-o', 'p'], 2, "--name takes .*, not 'mote'"],
    [['pack', digits, '--board', 'pico', '--name', 'time', '-o', 'p'], 2, "--name takes .*, not 'time'"],
    [['inspect', 'read.me'], 3, 'read.me is neither TFLite nor ONNX .*: it is a text file'],
    [['pakc'], 2, "unknown command 'pakc' .*\\nhelp {2}mote --help lists"],
  ])('%j', (args, status, message) => {
    writeFileSync(
      join(folder, 'read.me'),
      'read me: this begins like the field opset_import of an ONNX file.\n'.repeat(9),
    );
    const ran = mote(args);
    expect(ran.stderr).toMatch(new RegExp(message));
    expect(ran.status).toBe(status);
    expect(readdirSync(folder)).toEqual(['read.me']);
  });

  it.skipIf(!existsSync('/dev/full'))('a full disk behind standard output', () => {
    const { status, stderr } = mote(['targets'], {}, openSync('/dev/full', 'w'));
    expect([status, stderr]).toEqual([3, 'error file.write  cannot write to standard output: no space is left\n']);
  });

  it.skipIf(process.platform === 'win32')('a temporary folder that is not there', () => {
    const { status, stderr } = mote(['demo'], { TMPDIR: join(folder, 'none') });
    expect([status, stderr.includes("the temporary folder '"), stderr.includes('report')]).toEqual([3, true, false]);
  });
});

describe('--json', () => {
  const schema = readFileSync(join(packageRoot, 'schemas', 'answer.schema.json'), 'utf8');
  const valid = new Ajv2020().compile(JSON.parse(schema));
  it.each([
    [['targets'], 0],
    [['inspect', digits], 0],
    [['inspect', 'none.onnx'], 3],
    [['pack', digits], 2],
    [['pakc'], 2],
  ])('%j keeps to its schema', (args, status) => {
    const ran = mote([...args, '--json']);
    expect([ran.status, ran.stderr, ran.text.trim().split('\n').length]).toEqual([status, '', 1]);
    valid(JSON.parse(ran.text));
    expect(valid.errors).toBeNull();
  });
});

describe('names of a model', () => {
  it('give the terminal no orders', () => {
    const bytes = readFileSync(digits);
    const [from, to] = ['/stem/conv/Conv', '\u001b[31m\u009b5m\n\rname'].map((s) => Buffer.from(s));
    expect(to.length).toBe(from.length);
    for (let at = bytes.indexOf(from); at >= 0; at = bytes.indexOf(from, at + 1)) to.copy(bytes, at);
    writeFileSync(join(folder, 'hostile.onnx'), bytes);
    const { status, text } = mote(['inspect', 'hostile.onnx']);
    expect([status, text.includes('·[31m·5m··')]).toEqual([0, true]);
    expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });
});

describe.skipIf(process.platform === 'win32')('SIGTERM', () => {
  it('ends in 130 and leaves no temporary folder', async () => {
    const temporary = join(folder, 'tmp');
    mkdirSync(temporary);
    const child = spawn(process.execPath, [cli, 'demo'], { cwd: folder, env: { ...process.env, TMPDIR: temporary } });
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    const work = () => readdirSync(temporary).filter((name) => !/^mote-(wasm|zig)-/.test(name));
    const watch = setInterval(() => work().length > 0 && child.kill('SIGTERM'), 20);
    expect(await ended).toBe(130);
    clearInterval(watch);
    expect(work()).toEqual([]);
  });
});
