// SPDX-License-Identifier: Apache-2.0
// Boards and meters that break down under mote profile: a named error or warning, and what was measured before is kept.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PackManifest } from '../../src/generated/pack.js';
import type { RunRecord } from '../../src/generated/run.js';
import { ChipScene } from '../../src/measure/emulated/chipScene.js';
import { Ppk2Emulator, ppk2RateHz } from '../../src/measure/emulated/ppk2Emulator.js';
import { packageRoot } from '../../src/packageRoot.js';
import { type BoardFaults, startBrokenBoard } from '../support/brokenBoard.js';
import { farOf } from '../support/farOf.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-broken-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Ran {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Not spawnSync: the board lives in this process. */
function mote(...args: string[]): Promise<Ran> {
  const child = spawn(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ran: Ran = { status: null, stdout: '', stderr: '' };
  child.stdout.on('data', (bytes) => (ran.stdout += bytes));
  child.stderr.on('data', (bytes) => (ran.stderr += bytes));
  return new Promise((resolve) => child.once('close', (status) => resolve({ ...ran, status })));
}

let manifest: PackManifest;
beforeAll(async () => {
  const digits = (file: string) => join(packageRoot, 'models', 'digits', file);
  const calibration = ['--calib', digits('calib_x.npy'), '--input-scale', '0.00392156862745098,0'];
  const packed = await mote(
    'pack',
    digits('digits.onnx'),
    '--board',
    'nucleo-l4r5zi',
    ...calibration,
    '-o',
    'pack',
    '-q',
  );
  expect([packed.status, packed.stderr]).toEqual([0, '']);
  manifest = JSON.parse(readFileSync(join(folder, 'pack', 'pack.json'), 'utf8')) as PackManifest;
});

const keptRuns = (): string[] => {
  try {
    return readdirSync(join(folder, '.mote', 'runs')).sort();
  } catch {
    return [];
  }
};

/** Profiles such a board; `record` is what was kept of it. */
async function profiled(faults: BoardFaults, ...args: string[]): Promise<Ran & { record?: RunRecord }> {
  const board = await startBrokenBoard(manifest, faults);
  const before = new Set(keptRuns());
  try {
    const ran = await mote('profile', 'pack', '--port', board.port, '--runs', '4', '-q', ...args);
    const name = keptRuns().find((n) => !before.has(n));
    if (name === undefined) return ran;
    expect(ran.stdout).toContain(name);
    return { ...ran, record: JSON.parse(readFileSync(join(folder, '.mote', 'runs', name), 'utf8')) as RunRecord };
  } finally {
    board.close();
  }
}

describe('a board that breaks down', () => {
  it('garbage is an error that says so, and nothing is kept of nothing', async () => {
    const { status, stderr, record } = await profiled({ garbage: true });
    expect([status, record]).toEqual([6, undefined]);
    expect(stderr).toMatch(/device\.silent .* bytes came, none of them an answer, within 10 s during HELLO/);
  });

  it('silence keeps the runs before it', async () => {
    // Two warm-ups and two runs have been written to.
    const { status, stderr, record } = await profiled({ silentFromWrite: 5 });
    expect(status).toBe(6);
    expect(stderr).toMatch(/device\.silent .* nothing came within 10 s during WRITE/);
    expect(record).toMatchObject({ brokenOff: { code: 'device.silent' }, runs: 2, layers: [] });
    expect(record?.first).toHaveLength(2);
    expect(record?.whole.count).toBe(2);
  });

  it('a reset in mid-run is told from a slow answer, and the layers before it are kept', async () => {
    // 2 warm-ups, 4 runs, then the third layer of the first pass.
    const { status, stderr, stdout, record } = await profiled({ resetInWindow: 9 });
    expect(status).toBe(6);
    expect(stderr).toMatch(/device\.reset .* was reset before or during STEP/);
    expect(record).toMatchObject({ brokenOff: { code: 'device.reset' }, runs: 4 });
    expect(record?.layers.map((l) => l.index)).toEqual([0, 1]);
    expect(record).not.toHaveProperty('layerSumShare');
    expect(stdout).toContain('not all layers were counted one by one');
    // What was kept can be read: a page, and a comparison with itself.
    const page = await mote('report', 'latest', '-o', 'broken.html');
    expect([page.status, page.stderr]).toEqual([0, '']);
    expect(readFileSync(join(folder, 'broken.html'), 'utf8')).toContain('device.reset');
    expect((await mote('compare', 'latest', 'latest', '--fail-over', '0%')).status).toBe(0);
  });

  it('a counter that sticks is an error, at once or later', async () => {
    const later = await profiled({ stuckFromRun: 4 });
    expect(later.status).toBe(6);
    expect(later.stderr).toMatch(/device\.counter .* it stood still in run 4/);
    expect(later.record).toMatchObject({ brokenOff: { code: 'device.counter' }, runs: 1 });
    const never = await profiled({ stuckFromRun: 1 });
    expect([never.status, never.record]).toEqual([6, undefined]);
    expect(never.stderr).toMatch(/it does not advance/);
  });

  it('interrupts that were on are a warning, and old firmware that does not look is no trouble', async () => {
    const on = await profiled({ interrupts: 3 });
    expect([on.status, on.record?.interrupts]).toEqual([0, 'on']);
    expect(on.stderr).toMatch(/^1 {2}interrupts were enabled while it was counted/m);
    expect(on.stdout).toContain('interrupts ON;');
    const own = await profiled({ interrupts: 2 });
    expect([own.status, own.stderr, own.record?.interrupts]).toEqual([0, '', 'counter']);
    const old = await profiled({});
    expect([old.status, old.stderr]).toEqual([0, '']);
    expect(old.record).not.toHaveProperty('interrupts');
  });

  it('firmware without counts of single layers gives the whole, and one sentence', async () => {
    const { status, stderr, stdout, record } = await profiled({ noLayers: true, interrupts: 0 });
    expect(status).toBe(0);
    expect(stderr).toMatch(
      /^1 {2}the firmware was built with --no-layers: the whole is counted, single layers are not/m,
    );
    expect(stdout).toContain('interrupts off; not all layers were counted one by one');
    expect(record).toMatchObject({ layers: [], runs: 4, interrupts: 'off' });
    expect(record).not.toHaveProperty('brokenOff');
    const page = await mote('report', 'latest', '-o', 'whole.html');
    expect([page.status, page.stderr]).toEqual([0, '']);
    const html = readFileSync(join(folder, 'whole.html'), 'utf8');
    expect(html).toContain('No layer was counted by itself.');
    expect(html).not.toMatch(/NaN|Infinity|undefined/);
  });

  it.each([
    ['with the agent', {}],
    ['run by run without it', { noAgent: true, runTicks: 100_000 }],
  ])('a clock that is off by 20 %% is found and computed with, %s', async (_, firmware) => {
    const { status, stderr, record } = await profiled({ clockRatio: 0.8, ...firmware });
    expect(status).toBe(0);
    expect(stderr).toMatch(/the board's clock is 0\.\d+ MHz by this machine, its file says 1\.00 MHz/);
    expect(record?.warnings.map((w) => w.code)).toContain('clock.off');
    const { checkedHz = 0, uncertaintyHz = 0 } = record?.clock ?? {};
    // A loaded machine answers late, which makes a clock look slower, never faster, than it is.
    expect(checkedHz).toBeLessThan(0.82e6 + uncertaintyHz);
    expect(checkedHz).toBeGreaterThan(0.5e6);
  });
});

describe('a meter that is unplugged', () => {
  const energyArgs = ['--seconds', '0.4', '--windows', '3'];

  async function withMeter(unplugAt: number, ...args: string[]) {
    const scene = new ChipScene(() => performance.now() * 1e6, ppk2RateHz);
    let emulator: Ppk2Emulator | undefined;
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      emulator = new Ppk2Emulator(farOf(socket), { scene, live: true });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    try {
      const meter = `ppk2:tcp:127.0.0.1:${(server.address() as AddressInfo).port}`;
      const batches = { count: 0 };
      const onBatch = () => {
        // The first batch is the clock's check.
        if (++batches.count === unplugAt + 1) emulator?.unplug();
      };
      const onMarker = (high: boolean, nanos: number) => scene.pin(high, nanos);
      return await profiled({ onMarker, onBatch }, '--energy', meter, ...energyArgs, ...args);
    } finally {
      server.close();
    }
  }

  it('is no trouble while it is there', async () => {
    const { status, stderr, record } = await withMeter(Number.POSITIVE_INFINITY);
    expect([status, stderr]).toEqual([0, '']);
    expect(record?.energy?.windows).toHaveLength(3);
    expect(record?.energy?.lostSamples).toBe(0);
  });

  it('is a warning, and its whole windows are kept', async () => {
    const { status, stderr, record } = await withMeter(2);
    expect(status).toBe(0);
    expect(stderr).toMatch(/the meter went away .*: what came before is kept/);
    expect(record?.energy?.windows).toHaveLength(1);
    expect(record?.warnings.map((w) => w.code)).toContain('meter.lost');
  });

  it('is an error before the first window was whole; latency and clock are kept', async () => {
    const { status, stderr, record } = await withMeter(1);
    expect(status).toBe(6);
    expect(stderr).toMatch(/meter\.lost .* went away before its first window was complete/);
    expect(record).toMatchObject({ brokenOff: { code: 'meter.lost' }, runs: 4, clock: { statedHz: 1_000_000 } });
    expect(record).not.toHaveProperty('energy');
  });
});
