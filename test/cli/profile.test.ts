// SPDX-License-Identifier: Apache-2.0
// mote profile, compare and report as a user meets them, on the emulated Pico; the page in a real browser.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findProgram } from '../../src/build/exec.js';
import type { RunRecord } from '../../src/generated/run.js';
import { readNpy, writeNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';
import { describeShared, sharedFile } from '../support/shared.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-profile-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const sample = (file: string): string => join(packageRoot, 'models', 'digits', file);

function mote(...args: string[]): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
    encoding: 'utf8',
    cwd: folder,
    timeout: 300_000,
    env: { ...process.env, NO_COLOR: '1' },
  });
}

const recordIn = (file: string): RunRecord => JSON.parse(readFileSync(join(folder, file), 'utf8')) as RunRecord;

beforeAll(() => {
  const scale = ['--input-scale', '0.00392156862745098,0'];
  const packed = mote(
    'pack',
    sample('digits.onnx'),
    '--board',
    'pico',
    '--calib',
    sample('calib_x.npy'),
    ...scale,
    '-o',
    'pack',
  );
  expect([packed.status, packed.stderr]).toEqual([0, '']);
  for (const file of ['one.json', 'two.json']) {
    const { status, stderr } = mote('profile', 'pack', '--runs', '3', '-o', file, '-q');
    expect([status, stderr]).toEqual([0, '']);
  }
});

describe('profile', () => {
  it('repeats to the last cycle, and its layers are the whole within 1 %', () => {
    const one = recordIn('one.json');
    expect(readFileSync(join(folder, 'two.json'), 'utf8')).toBe(readFileSync(join(folder, 'one.json'), 'utf8'));
    expect(one.whole.min).toBe(one.whole.max);
    expect(Math.abs((one.layerSumShare ?? 0) - 1)).toBeLessThan(0.01);
    expect(one.counter).toEqual({ unit: 'cycles', source: 'emulated' });
  });

  it('never shows emulated counts as milliseconds', () => {
    const { stdout } = mote('profile', 'pack', '--runs', '1', '-q');
    expect(stdout).toContain('emulated: no latency of a board');
    expect(stdout).toMatch(/^whole .* – /m);
  });

  it('refuses meters and numbers that are none', () => {
    const cases: [string[], RegExp, number][] = [
      [
        ['--energy', 'voltmeter:/dev/x'],
        /--energy takes ppk2:PORT, .* replay:FILE or emulated:ppk2, not 'voltmeter:\/dev\/x'/,
        2,
      ],
      [['--energy', 'ppk2:/dev/no-such-port'], /cannot open '\/dev\/no-such-port'/, 5],
      [['--runs', 'many'], /--runs takes a number from 1 up, not 'many'/, 2],
      [['--energy', 'replay:none.csv', '--inferences', '3'], /none\.csv/, 3],
    ];
    for (const [args, message, exit] of cases) {
      const { status, stderr } = mote('profile', 'pack', '--runs', '1', '-q', ...args);
      expect(stderr).toMatch(message);
      expect(status).toBe(exit);
    }
  });

  it('takes energy from a recorded trace', () => {
    // 1 kHz, 3.3 V given: 8 mA idle, 3 windows of 200 ms at 30 mA, marked by falls of the last column.
    const lines = ['t_us,current_A,marker'];
    for (let i = 0; i < 1000; i++) {
      const at = (i - 100) % 300;
      const inside = i >= 100 && at < 200;
      const low = i >= 100 && i < 1000 - 100 + 1 && (at < 2 || (at >= 200 && at < 202));
      lines.push(`${i * 1000},${inside ? 0.03 : 0.008},${low ? 0 : 1}`);
    }
    writeFileSync(join(folder, 'trace.csv'), `${lines.join('\n')}\n`);
    const args = ['--energy', 'replay:trace.csv', '--inferences', '4', '--idle', '-o', 'energy.json', '-q'];
    const { status, stderr } = mote('profile', 'pack', '--runs', '1', ...args);
    expect([status, stderr]).toEqual([0, '']);
    const { energy } = recordIn('energy.json');
    expect(energy?.windows).toHaveLength(3);
    expect(energy?.perInference.median).toBeCloseTo((0.03 * 3.3 * 0.2) / 4, 6);
    expect(energy?.netJ).toBeCloseTo((0.022 * 3.3 * 0.2) / 4, 6);
    expect(energy?.source).toBe('measured');
  });
});

describe('energy of the emulated Pico by an emulated PPK2', () => {
  it('comes with the latency from one command, its windows within a sample of the truth', () => {
    const size = ['--runs', '2', '--windows', '3', '--inferences', '2', '--idle'];
    const { status, stderr, stdout } = mote(
      'profile',
      'pack',
      '--energy',
      'emulated:ppk2',
      ...size,
      '-o',
      'emulated.json',
      '-q',
    );
    expect([status, stderr]).toEqual([0, '']);
    const { energy, whole, clockHz, layers } = recordIn('emulated.json');
    expect(energy).toMatchObject({ source: 'emulated', windowsBy: 'marker', lostSamples: 0 });
    expect(energy?.windows).toHaveLength(3);
    expect(energy?.truth?.edgeSamples).toBeLessThanOrEqual(1);
    expect((energy?.perInference.median ?? 0) / (energy?.truth?.perInferenceJ ?? 1)).toBeCloseTo(1, 3);
    // The window of the pin holds what the counter counted, and the marker's 100 us.
    for (const w of energy?.windows ?? []) expect(w.seconds / ((2 * whole.median) / clockHz + 1e-4)).toBeCloseTo(1, 2);
    // Each layer alone, against what the emulator's supply gave it: its current follows the instructions of a cycle.
    const watts = layers.map(({ energy: e, count }) => ((e?.joules ?? 0) * clockHz) / count.median);
    for (const { energy: e, name } of layers) {
      expect([e?.source, e?.windows], name).toEqual(['emulated', 3]);
      expect(Math.abs((e?.joules ?? 0) / (e?.truthJ ?? 1) - 1), name).toBeLessThan(0.01);
    }
    expect(Math.max(...watts) / Math.min(...watts)).toBeGreaterThan(1.05);
    const sum = layers.reduce((total, l) => total + (l.energy?.joules ?? 0), 0);
    const behindPulse = (energy?.perInference.median ?? 0) - (1e-4 / 2) * 3.3 * 0.02;
    expect(sum / behindPulse).toBeCloseTo(1, 1);
    expect(stdout).toMatch(/layers in windows of their own, together/);
    expect(stdout).toMatch(/^energy .* emulated;/m);
    expect(stdout).toContain('the current is made up');
    const refused = mote('profile', 'pack', '--energy', 'emulated:ppk2', '--port', 'tcp:127.0.0.1:1', '-q');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('is for the emulator')]);
  });
});

describe('energy mode of MLPerf Tiny on the emulated Pico', () => {
  it('takes the median of five marked windows and writes the lines of record', () => {
    const data = ['--data', sample('eval_x.npy'), '--input-scale', '0.00392156862745098,0', '--limit', '5'];
    const args = ['bench', 'mlperf-tiny', 'pack', '--task', 'kws01', '--energy', 'emulated:ppk2', '--json'];
    const { status, stderr, stdout } = mote(...args, ...data, '-o', 'energy.txt');
    expect([status, stderr]).toEqual([0, '']);
    const { source, energy } = JSON.parse(stdout).data as { source: string; energy: NonNullable<RunRecord['energy']> };
    expect([source, energy.source, energy.windows.length, energy.inferencesPerWindow]).toEqual([
      'emulated',
      'emulated',
      5,
      10,
    ]);
    // The chip computes from one fall to the next, at a current that the emulator makes up of 6 mA and its instructions.
    for (const w of energy.windows) {
      expect(w.joules / (w.seconds * 3.3)).toBeGreaterThan(0.015);
      expect(w.joules / (w.seconds * 3.3)).toBeLessThan(0.032);
    }
    const lines = readFileSync(join(folder, 'energy.txt'), 'utf8').trim().split('\n');
    expect(lines).toHaveLength(5 * 5 + 3);
    // Ten inferences of an emulated chip are far from the 10 s that the rules ask for.
    const short = 'ulp-mlperf: Runtime requirements have NOT been met: this is not valid for submission.';
    expect(lines.filter((line) => line === short)).toHaveLength(5);
    expect(lines[4]).toBe(short);
    expect(lines[0]).toMatch(/^ulp-mlperf: Energy data for window 1 at time \d+\.\d\d for \d+\.\d\d sec\.:$/);
    const median = (energy.perInference.median * 1e6).toFixed(3);
    expect(lines.at(-2)).toBe(`ulp-mlperf: Median energy cost is ${median} uJ/inf.`);
  });

  it('refuses recordings, and an emulated meter on a port', () => {
    for (const [energy, words] of [
      ['replay:x.csv', 'it takes no recording'],
      ['emulated:ppk2', 'is for the emulator'],
    ]) {
      const args = ['--task', 'kws01', '--energy', energy, '--data', sample('eval_x.npy'), '--port', 'tcp:127.0.0.1:1'];
      const { status, stderr } = mote('bench', 'mlperf-tiny', 'pack', ...args);
      expect([status, stderr]).toEqual([2, expect.stringContaining(words)]);
    }
  });
});

describe('kept runs', () => {
  const kept = () => readdirSync(join(folder, '.mote', 'runs')).sort();

  it('are numbered, found by number and name, and not kept when not wanted', () => {
    const before = kept();
    expect(before[0]).toBe('0001-digits-pico.json');
    expect(mote('profile', 'pack', '--runs', '1', '-q', '--no-save').status).toBe(0);
    expect(kept()).toEqual(before);
    const { stdout } = mote('profile', 'pack', '--runs', '1', '-q');
    expect(kept()).toHaveLength(before.length + 1);
    expect(stdout).toContain(`kept    ${join('.mote', 'runs', kept()[before.length])}`);
    expect(mote('compare', '1', '0002-digits-pico', '--fail-over', '0%').status).toBe(0);
    expect(mote('compare', '1', 'latest').stdout).toContain('before  digits');
    const page = mote('report');
    expect([page.status, page.stdout]).toEqual([0, expect.stringContaining(kept()[before.length])]);
    expect(existsSync(join(folder, kept()[before.length].replace('.json', '.html')))).toBe(true);
    const missing = mote('compare', '1', '99');
    expect([missing.status, missing.stderr]).toEqual([
      3,
      expect.stringContaining('there is no run 99 here: kept are 1 to'),
    ]);
  });

  it('are not the end of a measurement where the folder cannot be', () => {
    const elsewhere = join(folder, 'elsewhere');
    mkdirSync(elsewhere);
    writeFileSync(join(elsewhere, '.mote'), 'a file');
    const run = spawnSync(
      process.execPath,
      [join(packageRoot, 'dist', 'cli', 'main.js'), 'profile', '../pack', '--runs', '1', '-q'],
      { cwd: elsewhere, encoding: 'utf8' },
    );
    expect([run.status, run.stderr]).toEqual([0, expect.stringContaining('could not be kept in .mote/runs')]);
    expect(run.stdout).toContain('counts  median');
  });
});

describe('float against packed', () => {
  const labelled = ['--data', sample('eval_x.npy'), '--labels', sample('eval_y.npy')];
  const scale = ['--input-scale', '0.00392156862745098,0'];
  const titles = ['Float against packed', 'Noise per layer', 'Weights before and after'];
  // A section of a page, without the run's number and name before its title.
  const section = (page: string, title: string): string => {
    const text = readFileSync(join(folder, page), 'utf8').replaceAll(
      /<h2>[^<]*: (?=Float against|Noise|Weights)/g,
      '<h2>',
    );
    const from = text.indexOf(`<h2>${title}</h2>`);
    expect(from, `${page}: ${title}`).toBeGreaterThan(0);
    const to = text.indexOf('<h2>', from + 4);
    return text.slice(from, to < 0 ? text.length : to).replace(/<\/section>[\s\S]*|<\/main>[\s\S]*/, '');
  };

  // Sorted out by its hash: it is of no pack here.
  const anotherPack = (): void =>
    writeFileSync(join(folder, 'another.json'), JSON.stringify({ ...recordIn('one.json'), hash: '0123456789abcdef' }));

  it('is the same in the pages of eval, report and demo, and in their data', () => {
    const trustIn = (...args: string[]): { packed: number; layers: unknown[] } => {
      const { status, stdout, stderr } = mote(...args, '--json');
      expect([status, stderr]).toEqual([0, '']);
      return (JSON.parse(stdout) as { data: { trust: { packed: number; layers: unknown[] } } }).data.trust;
    };
    anotherPack();
    const trust = trustIn('eval', 'pack', ...labelled, ...scale, '--report', 'eval.html');
    expect(trust.packed).toBeGreaterThan(0.9);
    expect(trustIn('demo', '-o', 'demo', '-q')).toEqual(trust);
    expect(trustIn('report', 'one.json', '--pack', 'pack', ...labelled, ...scale, '-o', 'run.html')).toEqual(trust);
    expect(
      trustIn('report', 'another.json', 'one.json', '--pack', 'pack', ...labelled, ...scale, '-o', 'runs.html'),
    ).toEqual(trust);
    for (const title of titles) {
      const wanted = section('eval.html', title);
      for (const page of [join('demo', 'report.html'), 'run.html', 'runs.html'])
        expect(section(page, title)).toBe(wanted);
    }
    expect(section('eval.html', titles[2]).split('<svg').length - 1).toBe(6);
  });

  it('of a report needs the pack of a run, and data', () => {
    anotherPack();
    const refused = mote('report', 'another.json', '--pack', 'pack', ...labelled, ...scale, '-o', 'none.html');
    expect([refused.status, refused.stderr]).toEqual([2, expect.stringContaining('none of the runs is of the pack')]);
    const half = mote('report', 'one.json', '--pack', 'pack', '-o', 'none.html');
    expect([half.status, half.stderr]).toEqual([2, expect.stringContaining('takes --pack and --data')]);
    expect(existsSync(join(folder, 'none.html'))).toBe(false);
  });
});

describe('compare', () => {
  it('passes equal runs and fails a slower one with 8', () => {
    expect(mote('compare', 'one.json', 'two.json', '--fail-over', '0%').status).toBe(0);
    const slower = recordIn('one.json');
    slower.whole.median *= 1.05;
    writeFileSync(join(folder, 'slower.json'), JSON.stringify(slower));
    const failed = mote('compare', 'one.json', 'slower.json', '--fail-over', '3%');
    expect(failed.status).toBe(8);
    expect(failed.stderr).toMatch(/cycles per inference \(emulated\) grew by 5\.0 %, more than --fail-over 3%/);
    expect(mote('compare', 'one.json', 'slower.json', '--fail-over', '6%').status).toBe(0);
    expect(mote('compare', 'slower.json', 'one.json', '--fail-over', '0%').status).toBe(0);
  });

  it('refuses other units, and files that are no records', () => {
    const other = { ...recordIn('one.json'), counter: { unit: 'instructions', source: 'emulated' } };
    writeFileSync(join(folder, 'other.json'), JSON.stringify(other));
    expect(mote('compare', 'one.json', 'other.json').status).toBe(2);
    writeFileSync(join(folder, 'broken.json'), '{"schema":"mote.run/1"}');
    const { status, stderr } = mote('compare', 'one.json', 'broken.json');
    expect(status).toBe(3);
    expect(stderr).toMatch(/'broken\.json' is not a valid run record/);
  });
});

/** A headless browser logs what the page complains of, and `--dump-dom` is the page after it was drawn. */
function browse(page: string): { dom: string; log: string; picture: Buffer } {
  const common = [
    '--headless',
    '--no-sandbox',
    '--disable-gpu',
    '--enable-logging=stderr',
    '--v=0',
    `--user-data-dir=${join(folder, 'browser')}`,
  ];
  const url = pathToFileURL(page).href;
  const dumped = spawnSync('chromium', [...common, '--dump-dom', url], { encoding: 'utf8', timeout: 120_000 });
  const shot = join(folder, 'page.png');
  spawnSync('chromium', [...common, `--screenshot=${shot}`, '--window-size=1000,2400', url], { timeout: 120_000 });
  return { dom: dumped.stdout, log: dumped.stderr, picture: readFileSync(shot) };
}

describe.skipIf(!findProgram('chromium') && !process.env.CI)('report in a browser', () => {
  it('opens without a request or an error, with its charts drawn', () => {
    expect(mote('report', 'energy.json', 'one.json', '-o', 'page.html').status).toBe(0);
    const html = readFileSync(join(folder, 'page.html'), 'utf8');
    // Nothing in it can make a request: no address but namespaces, no script, no style sheet, no image.
    expect(html).not.toMatch(/(src|href)\s*=|url\(|@import|<script|<link|<img/i);
    const { dom, log, picture } = browse(join(folder, 'page.html'));
    expect(log).not.toMatch(/CONSOLE|ERR_/);
    for (const chart of ['per layer', 'roofline', 'arena over time', 'current over time'])
      expect(dom.split(`aria-label="${chart}"`).length - 1, chart).toBe(chart === 'current over time' ? 1 : 2);
    const record = recordIn('one.json');
    const bars = [...dom.matchAll(/<rect x="210" y="[\d.]+" width="([\d.]+)"/g)].map((m) => Number(m[1]));
    const counts = record.layers.map((l) => l.count.median);
    const longest = Math.max(...counts);
    counts.forEach((count, i) => {
      const width = Math.max(1, (count / longest) * 520);
      expect(Math.abs(bars[i + counts.length] - width)).toBeLessThan(0.1);
    });
    expect(picture.subarray(1, 4).toString('latin1')).toBe('PNG');
    expect(picture.length).toBeGreaterThan(30_000); // an empty page of this size has some 10,000 bytes
    expect(existsSync(join(folder, 'page.html'))).toBe(true);
  });
});

describeShared('the benchmark agrees', () => {
  it('counts KWS on the virtual M4 to the instruction', () => {
    writeFileSync(join(folder, 'kws.tflite'), sharedFile('models/mlperf-tiny/kws_ref_model.tflite'));
    expect(mote('pack', 'kws.tflite', '--board', 'virtual-m4', '-o', 'kws').status).toBe(0);
    // The benchmark's input; what softmax takes depends on it a little.
    writeFileSync(join(folder, 'zeros.npy'), writeNpy('int8', [1, 49, 10, 1], new Int8Array(490)));
    const data = ['--data', 'zeros.npy', '--input-scale', 'raw'];
    const profiled = mote('profile', 'kws', '--runs', '2', ...data, '-o', 'kws.json', '-q');
    expect([profiled.status, profiled.stderr]).toEqual([0, '']);
    const baseline = JSON.parse(readFileSync(join(packageRoot, 'bench', 'baseline.json'), 'utf8')) as {
      models: Record<string, { instructions: number }>;
    };
    expect(recordIn('kws.json').whole.median).toBe(baseline.models['kws virtual-m4 tflite'].instructions);
  });

  it('MLPerf Tiny on the virtual M4 has the accuracy of mote eval', () => {
    const count = 25;
    const npy = (path: string) => readNpy(sharedFile(path), path);
    const inputs = (npy('data/kws/test_x.npy').data as Int8Array).slice(0, count * 490);
    const labels = Int32Array.from(npy('data/kws/test_y.npy').data as ArrayLike<number>).slice(0, count);
    writeFileSync(join(folder, 'x.npy'), writeNpy('int8', [count, 49, 10, 1], inputs));
    writeFileSync(join(folder, 'y.npy'), writeNpy('int32', [count], labels));
    const data = ['--data', 'x.npy', '--labels', 'y.npy', '--input-scale', 'raw', '--json'];
    const judged = mote('eval', 'kws', ...data);
    const ran = mote('bench', 'mlperf-tiny', 'kws', '--task', 'kws01', ...data);
    expect([judged.status, judged.stderr, ran.status, ran.stderr]).toEqual([0, '', 0, '']);
    const { data: evaluated } = JSON.parse(judged.stdout) as { data: { accuracy: number } };
    const { data: benched } = JSON.parse(ran.stdout) as {
      data: { accuracy: { top1: number; count: number }; windows: unknown[]; source: string };
    };
    expect(benched.accuracy).toMatchObject({ top1: evaluated.accuracy, count });
    expect(benched.windows).toHaveLength(5);
    expect(benched.source).toBe('emulated');
  });
});
