// SPDX-License-Identifier: Apache-2.0
// The command line as a user meets it: answers, --json envelopes, errors and exit codes.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);
const pixelScale = '0.00392156862745098,0';

function mote(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 300_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

interface Envelope {
  schema: string;
  ok: boolean;
  data: Record<string, unknown>;
  error?: { code: string; exit: number };
}

function moteJson(...args: string[]): Envelope {
  const { stdout, stderr } = mote(...args, '--json');
  expect(stdout.trim().split('\n'), stderr).toHaveLength(1);
  return JSON.parse(stdout) as Envelope;
}

beforeAll(() => {
  const { status, stderr } = mote(
    'pack',
    sample('digits.onnx'),
    '--board',
    'pico',
    '--calib',
    sample('calib_x.npy'),
    '--input-scale',
    pixelScale,
    '-o',
    'pack',
  );
  expect([status, stderr]).toEqual([0, '']);
});

describe('answers', () => {
  it('mote alone names the main verbs', () => {
    const { status, stdout } = mote();
    expect(status).toBe(0);
    expect(stdout).toMatch(/mote pack MODEL[\s\S]*mote build DIR[\s\S]*mote run DIR/);
  });

  it('inspect lists layers, MACs and bytes', () => {
    const { ok, schema, data } = moteJson('inspect', sample('digits.onnx'), '--target', 'cortex-m0plus');
    expect([schema, ok, data.unsupported]).toEqual(['mote.inspect/1', true, []]);
    expect(data.macs).toBe(766288);
    const { stdout } = mote('inspect', sample('digits.onnx'));
    expect((data.layers as { op: string }[]).map((l) => l.op)).not.toContain('transpose');
    expect(Math.max(...stdout.split('\n').map((l) => l.length))).toBeLessThanOrEqual(130);
  });

  it('pack says what the pack needs', () => {
    const { schema, ok, data } = moteJson(
      'pack',
      sample('digits.onnx'),
      '--target',
      'cortex-m4',
      '--calib',
      sample('calib_x.npy'),
      '--input-scale',
      pixelScale,
      '-o',
      'pack-m4',
    );
    expect([schema, ok, data.rounding]).toEqual(['mote.pack/1', true, 'single']);
    for (const key of ['arenaBytes', 'weightBytes', 'macs']) expect(data[key]).toBeGreaterThan(0);
    expect(data.layers).toBeInstanceOf(Array);
    expect(readdirSync(join(folder, 'pack-m4')).sort()).toEqual([
      'digits.c',
      'digits.h',
      'digits_layers.c',
      'digits_layers.h',
      'digits_test.c',
      'host',
      'kernels',
      'mote',
      'mote_model.h',
      'pack.json',
      'reference',
      'vectors',
    ]);
  });

  it('the same input gives the same bytes', () => {
    mote(
      'pack',
      sample('digits.onnx'),
      '--board',
      'pico',
      '--calib',
      sample('calib_x.npy'),
      '--input-scale',
      pixelScale,
      '-o',
      'pack-again',
    );
    for (const file of readdirSync(join(folder, 'pack'), { recursive: true, withFileTypes: true }).filter((e) =>
      e.isFile(),
    )) {
      const path = join(file.parentPath, file.name);
      expect(
        readFileSync(path.replace(join(folder, 'pack'), join(folder, 'pack-again'))).equals(readFileSync(path)),
        file.name,
      ).toBe(true);
    }
  });

  it('export writes a .tflite that mote reads again', () => {
    const calib = ['--calib', sample('calib_x.npy'), '--input-scale', pixelScale];
    const { ok, data } = moteJson('export', sample('digits.onnx'), '--to', 'tflite', ...calib, '-o', 'digits.tflite');
    expect([ok, data.bytes]).toEqual([true, readFileSync(join(folder, 'digits.tflite')).length]);
    expect(moteJson('inspect', 'digits.tflite').data).toMatchObject({
      format: 'tflite',
      quantized: true,
      macs: 766288,
    });
    const onNpu = ['inspect', 'digits.tflite', '--target', 'ethos-u55-128', '--npu-compiler'];
    expect(moteJson(...onNpu, 'builtin').data.npu).toMatchObject({
      by: expect.stringMatching(/^cycles estimated by mote/),
    });
    // All of it is the NPU's: nothing is left to predict of the CPU.
    expect(mote(...onNpu, 'builtin').stdout).not.toContain('predict');
    expect(mote(...onNpu, 'other').stderr).toMatch(/--npu-compiler takes vela or builtin, not 'other'/);
  });

  it('verify compares the test vectors', () => {
    const { schema, ok, data } = moteJson('verify', 'pack');
    expect([schema, ok, data.compared, data.equal]).toEqual(['mote.verify/1', true, 4, 4]);
  });

  it('eval gives accuracy, per class too, and writes the outputs', () => {
    const args = ['--data', sample('eval_x.npy'), '--labels', sample('eval_y.npy'), '--out', 'y.npy'];
    const { schema, ok, data } = moteJson('eval', 'pack', ...args);
    expect([schema, ok, data.count]).toEqual(['mote.eval/1', true, 500]);
    expect(data.accuracy).toBeGreaterThanOrEqual(0.98);
    expect(data.perClass).toHaveLength(10);
    // The input scale was found by itself: pixels of 0…255 for an input of 0…1.
    expect(data.inputScale).toContain('/ 255');
    const y = readNpy(readFileSync(join(folder, 'y.npy')), 'y.npy');
    expect([y.dtype, y.shape]).toEqual(['int8', [500, 10]]);
  });

  it('build says code, constants, RAM and stack', () => {
    const { schema, ok, data } = moteJson('build', 'pack', '--board', 'pico', '-o', 'fw/digits.elf');
    expect([schema, ok]).toEqual(['mote.build/1', true]);
    for (const key of ['codeBytes', 'constBytes', 'ramBytes', 'stackBytes']) expect(data[key]).toBeGreaterThan(0);
    expect(existsSync(join(folder, 'fw', 'digits.uf2'))).toBe(true);
  });

  it('run on the emulated Pico equals the host', () => {
    const { schema, ok, data } = moteJson(
      'run',
      'pack',
      '--board',
      'pico',
      '--data',
      sample('eval_x.npy'),
      '--limit',
      '3',
    );
    expect([schema, ok, data.compared, data.equal, data.firstDifference]).toEqual(['mote.run/1', true, 3, 3, null]);
    const timing = data.timing as {
      source: string;
      unit: string;
      cycles: { perInference: number[]; perLayer: number[] };
    };
    expect([timing.source, timing.unit]).toEqual(['emulated', 'cycles']);
    expect(timing.cycles.perInference).toHaveLength(3);
    expect(timing.cycles.perLayer.length).toBeGreaterThan(5);
  });

  it('boards and targets list and describe', () => {
    expect((moteJson('boards').data.boards as unknown[]).length).toBeGreaterThanOrEqual(9);
    const targets = readdirSync(join(packageRoot, 'targets'));
    expect((moteJson('targets').data.targets as unknown[]).length).toBe(targets.length);
    expect(moteJson('boards', 'pico').data.target).toBe('cortex-m0plus');
    expect(mote('boards').stdout).toContain('nucleo-l4r5zi');
  });
});

describe('errors', () => {
  it.each([
    [2, 'usage.command', ['frobnicate']],
    [2, 'usage.bad', ['pack', sample('digits.onnx'), '--target', 'cortex-m4']],
    [2, 'usage.bad', ['pack', sample('digits.onnx'), '-o', 'nowhere']],
    [2, 'target.unknown', ['pack', sample('digits.onnx'), '--target', 'cortex-m44', '-o', 'nowhere']],
    [2, 'board.unknown', ['boards', 'pica']],
    [2, 'usage.option', ['pack', sample('digits.onnx'), '--target', 'cortex-m4', '--rounding', 'up', '-o', 'nowhere']],
    [2, 'usage.option', ['run', 'pack', '--board', 'pico', '--limit', '0']],
    [3, 'file.read', ['inspect', 'no-such-file.tflite']],
    [3, 'file.read', ['inspect', '.']],
    [3, 'pack.broken', ['verify', 'no-such-folder']],
    [3, 'data.broken', ['eval', 'pack', '--data', sample('digits.onnx'), '--labels', sample('eval_y.npy')]],
    [3, 'data.shape', ['eval', 'pack', '--data', sample('eval_y.npy'), '--labels', sample('eval_y.npy')]],
    [5, 'device.none', ['run', 'pack-l4', '--board', 'nucleo-l4r5zi']],
  ])('exit %i, %s: mote %s', (exit, code, args) => {
    if (args[1] === 'pack-l4') mote('pack', sample('digits.onnx'), '--board', 'nucleo-l4r5zi', '-o', 'pack-l4');
    const { status, stdout, stderr } = mote(...args);
    expect([status, stdout]).toEqual([exit, '']);
    expect(stderr).toMatch(new RegExp(`^error ${code.replace('.', '\\.')} {2}[^\\n]+\\n(help {2}[^\\n]+\\n)?$`));
    const envelope = moteJson(...args);
    expect([envelope.ok, envelope.error?.code, envelope.error?.exit]).toEqual([false, code, exit]);
    expect(existsSync(join(folder, 'nowhere'))).toBe(false);
  });

  it('a near miss is named', () => {
    expect(mote('boards', 'pica').stderr).toContain('did you mean pico');
  });

  it('never replaces a folder that is no pack', () => {
    writeFileSync(join(folder, 'pack-m4', '..', 'precious.txt'), 'mine');
    const { status, stderr } = mote('pack', sample('digits.onnx'), '--target', 'cortex-m4', '-o', '.');
    expect(status).toBe(3);
    expect(stderr).toContain('is no pack');
    expect(readFileSync(join(folder, 'precious.txt'), 'utf8')).toBe('mine');
  });

  it('a changed kernel is found: exit 7 and the first layer and element', () => {
    mote(
      'pack',
      sample('digits.onnx'),
      '--target',
      'wasm32',
      '--calib',
      sample('calib_x.npy'),
      '--input-scale',
      pixelScale,
      '-o',
      'pack-bad',
    );
    const source = join(folder, 'pack-bad', 'digits.c');
    const text = readFileSync(source, 'utf8');
    // One weight of the last layer.
    const at = text.lastIndexOf('_weights[');
    const changed =
      text.slice(0, at) +
      text.slice(at).replace(/\n {4}(-?\d+),/, (_, w: string) => `\n    ${Number(w) > 0 ? -127 : 127},`);
    expect(changed).not.toBe(text);
    writeFileSync(source, changed);
    const { status, stderr } = mote('verify', 'pack-bad');
    expect(status).toBe(7);
    expect(stderr).toMatch(/error verify\.differ {2}sample \d+: output '.*' element \d+ is -?\d+, must be -?\d+/);
  });
});
