// SPDX-License-Identifier: Apache-2.0
// tune, recipes, --max-drop and float against packed, as a user meets them.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/packageRoot.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-tune-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);
const model = [sample('digits.onnx'), '--target', 'wasm32', '--calib', sample('calib_x.npy')];
const scale = ['--input-scale', '0.00392156862745098,0'];
const labelled = ['--data', sample('eval_x.npy'), '--labels', sample('eval_y.npy')];

function mote(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 300_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

type Json = Record<string, unknown>;

const dataOf = ({ stdout }: SpawnSyncReturns<string>): Json => (JSON.parse(stdout) as { data: Json }).data;

describe('tune', () => {
  let tuned: Json;
  beforeAll(() => {
    const { status, stdout, stderr } = mote(
      'tune',
      ...model,
      ...scale,
      '--budget',
      'flash=60%',
      '-o',
      'r.json',
      '--json',
    );
    expect([status, stderr]).toEqual([0, '']);
    tuned = (JSON.parse(stdout) as { data: Json }).data;
  });

  it('writes a recipe, and pack makes of it the pack that was judged', () => {
    const recipe = JSON.parse(readFileSync(join(folder, 'r.json'), 'utf8')) as Json;
    expect(recipe).toMatchObject({ schema: 'mote.recipe/1', quantizer: { ranges: 'mse' } });
    const packed = dataOf(mote('pack', ...model, ...scale, '--recipe', 'r.json', '-o', 'pack', '--json'));
    expect(packed.hash).toBe((tuned.pack as Json).hash);
    expect(packed.weightBytes).toBe((tuned.chosen as Json).flash);
  });

  it('eval sets float beside it, with labels and without, and writes a page without scripts', () => {
    const { trust, accuracy } = dataOf(mote('eval', 'pack', ...labelled, '--report', 'trust.html', '--json')) as {
      trust: { float: number; packed: number; layers: unknown[]; changed: number };
      accuracy: number;
    };
    expect(trust.packed).toBe(accuracy);
    expect(trust.float).toBeGreaterThan(0.98);
    expect(trust.layers).toHaveLength(10);
    const page = readFileSync(join(folder, 'trust.html'), 'utf8');
    expect(page).toMatch(/Weights before and after[\s\S]*<svg/);
    expect(page).not.toContain('<script');
    expect(page.length).toBeLessThan(100_000);
    const agreement = dataOf(mote('eval', 'pack', '--data', sample('eval_x.npy'), '--json')).trust as Json;
    expect([agreement.labelled, agreement.float, agreement.changed]).toEqual([false, 1, trust.changed]);
  });

  it.each(['pack', 'tune'])('%s refuses raw integers for a float model before it quantizes', (command) => {
    const more = command === 'pack' ? ['-o', 'raw'] : ['--budget', 'flash=60%', '-o', 'raw'];
    const started = mote(command, ...model, '--input-scale', 'raw', ...more);
    expect([started.status, started.stderr]).toEqual([
      3,
      expect.stringMatching(/^error quant\.calibration .*--input-scale raw .* this model is float: .* SCALE,ZERO/),
    ]);
    expect(existsSync(join(folder, 'raw'))).toBe(false);
  });

  it('a budget that cannot be met ends in 4, and nothing is written', () => {
    const { status, stderr } = mote('tune', ...model, ...scale, '--budget', 'flash=1K', '-o', 'none.json');
    expect(status).toBe(4);
    expect(stderr).toMatch(/^error fit\.budget {2}no plan .* smallest flash that can be met is \d+ bytes/);
    expect(existsSync(join(folder, 'none.json'))).toBe(false);
  });

  it('a recipe with a layer that is not there ends in 3', () => {
    const recipe = { schema: 'mote.recipe/1', layers: { '/stem/conv/Con': { weights: 'int4' } } };
    writeFileSync(join(folder, 'wrong.json'), JSON.stringify(recipe));
    const { status, stderr } = mote('pack', ...model, ...scale, '--recipe', 'wrong.json', '-o', 'none');
    expect(status).toBe(3);
    expect(stderr).toContain("did you mean '/stem/conv/Conv'?");
  });
});

describe('--max-drop', () => {
  it.each([
    ['agreement', []],
    ['top-1', labelled],
  ])('ends in 8 by %s, and nothing is written', (measure, data) => {
    const args = ['pack', ...model, ...scale, '--weights', 'binary', '--max-drop', '0.5', '-o', 'none', ...data];
    const { status, stderr } = mote(...args);
    expect(status).toBe(8);
    expect(stderr).toMatch(new RegExp(`^error drop\\.over {2}${measure} falls by`));
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });

  it('lets through what stays within', () => {
    const args = [
      'pack',
      ...model,
      ...scale,
      '--weights',
      'int6',
      '--max-drop',
      '2',
      '-o',
      'fine',
      '--json',
      ...labelled,
    ];
    const drop = dataOf(mote(...args)).drop as { measure: string; points: number };
    expect(drop.measure).toBe('top-1');
    expect(drop.points).toBeLessThanOrEqual(2);
  });

  it.each([['-1'], ['101'], ['many']])('takes points, not %s', (points) => {
    const { status, stderr } = mote('pack', ...model, ...scale, '--max-drop', points, '-o', 'none');
    expect([status, stderr.split('  ')[0]]).toEqual([2, 'error usage.option']);
  });
});
