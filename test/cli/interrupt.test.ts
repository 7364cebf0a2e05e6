// SPDX-License-Identifier: Apache-2.0
// Ctrl-C during mote profile: what was measured before is kept as a whole record, with the reason and exit code 130.
import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PackManifest } from '../../src/generated/pack.js';
import type { RunRecord } from '../../src/generated/run.js';
import { packageRoot } from '../../src/packageRoot.js';
import { type BoardFaults, startBrokenBoard } from '../support/brokenBoard.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-interrupt-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const cli = join(packageRoot, 'dist', 'cli', 'main.js');

const start = (...args: string[]) => spawn(process.execPath, [cli, ...args], { cwd: folder, stdio: 'pipe' });

/** Runs to the end; `started` may interrupt it. */
async function ended(child: ReturnType<typeof start>) {
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (bytes) => (stdout += bytes));
  child.stderr.on('data', (bytes) => (stderr += bytes));
  const status = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { status, stdout, stderr };
}

let manifest: PackManifest;
beforeAll(async () => {
  const digits = (file: string) => join(packageRoot, 'models', 'digits', file);
  const calibration = ['--calib', digits('calib_x.npy'), '--input-scale', '0.00392156862745098,0'];
  const packed = await ended(
    start('pack', digits('digits.onnx'), '--board', 'virtual-m4', ...calibration, '-o', 'pack', '-q'),
  );
  expect([packed.status, packed.stderr]).toEqual([0, '']);
  manifest = JSON.parse(readFileSync(join(folder, 'pack', 'pack.json'), 'utf8')) as PackManifest;
});

const runs = join(folder, '.mote', 'runs');

/** Profiles such a board for ever, until `when` interrupts. */
async function profiled(faults: (interrupt: () => void) => BoardFaults, ...args: string[]) {
  rmSync(runs, { recursive: true, force: true });
  let interrupt = () => {};
  const board = await startBrokenBoard(
    manifest,
    faults(() => interrupt()),
  );
  try {
    const child = start('profile', 'pack', '--port', board.port, '--runs', '1000000', '-q', ...args);
    interrupt = () => void child.kill('SIGINT');
    return await ended(child);
  } finally {
    board.close();
  }
}

describe('Ctrl-C during mote profile', () => {
  it('keeps what was measured, says why it ends there, and ends in 130', async () => {
    const { status, stdout, stderr } = await profiled((interrupt) => ({
      onWindow: (index) => index === 20 && interrupt(),
    }));
    expect([status, stderr.split('\n').slice(1)]).toEqual([
      130,
      [
        'profile stops after this step; Ctrl-C again stops at once',
        expect.stringMatching(/^error run\.interrupted {2}interrupted; what was measured before is kept$/),
        '',
      ],
    ]);
    expect(stdout).toContain('0001-digits-virtual-m4.json');
    expect(readdirSync(runs)).toEqual(['0001-digits-virtual-m4.json']);
    const record = JSON.parse(readFileSync(join(runs, '0001-digits-virtual-m4.json'), 'utf8')) as RunRecord;
    expect(record.brokenOff).toEqual({
      code: 'run.interrupted',
      text: 'interrupted; what was measured before is kept',
    });
    // 2 warm-ups; the signal may arrive some runs later.
    expect(record.whole.count).toBeGreaterThanOrEqual(17);
    expect(record).toMatchObject({ runs: record.whole.count, layers: [] });
  });

  it('with --json it is one object, and --learn learns nothing from half a run', async () => {
    const args = ['--json', '--learn', '--costs', 'costs.json', '-o', 'half.json'];
    const { status, stdout } = await profiled(
      (interrupt) => ({ onWindow: (index) => index === 5 && interrupt() }),
      ...args,
    );
    expect(status).toBe(130);
    const answer = JSON.parse(stdout);
    expect(answer).toMatchObject({ ok: false, error: { code: 'run.interrupted', exit: 130 } });
    expect(JSON.parse(readFileSync(join(folder, 'half.json'), 'utf8'))).toEqual(answer.data);
    expect(readdirSync(folder).sort()).toEqual(['.mote', 'half.json', 'pack']);
  });

  it('before the first run nothing is kept of nothing', async () => {
    const silent = await profiled((interrupt) => ({ silentFromWrite: 1, onWrite: () => interrupt() }));
    expect([silent.status, silent.stdout]).toEqual([130, '']);
    expect(silent.stderr).toContain('error run.interrupted  interrupted; nothing was measured yet');
    expect(() => readdirSync(runs)).toThrow();
  });

  it('an emulator that hears the same Ctrl-C is not taken for a broken board', async () => {
    rmSync(runs, { recursive: true, force: true });
    const child = start('profile', 'pack', '--board', 'virtual-m4', '--runs', '1000000');
    child.stderr.once('data', (bytes) => {
      expect(String(bytes)).toContain('built the firmware');
      setTimeout(() => child.kill('SIGINT'), 4000); // QEMU greeted, and some runs later
    });
    const { status, stderr } = await ended(child);
    expect(status).toBe(130);
    expect(stderr).not.toContain('device.');
  });
});
