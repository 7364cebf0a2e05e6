// SPDX-License-Identifier: Apache-2.0
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { AgentText } from '../device/agentText.js';
import { memoryLink } from '../link/memoryLink.js';
import { readDataset, wireBytes } from './mlperfData.js';
import { accuracyOf, areaUnderRoc, inferWindow, loadSample, resultLines } from './mlperfRun.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-mlperf-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A board that answers each command with these lines. */
function talking(answer: (command: string) => string[]) {
  const { near, far } = memoryLink('board');
  let line = '';
  far.onData((bytes) => {
    for (const c of Buffer.from(bytes).toString('latin1')) {
      if (c !== '%') line += c;
      else {
        far.send(Buffer.from([...answer(line), 'm-ready', ''].join('\r\n')));
        line = '';
      }
    }
  });
  return { text: new AgentText(near, 'fake'), board: 'fake', mode: 'performance' as const, windowMs: 1000 };
}

describe('mlperf', () => {
  it('gives known areas under the curve', () => {
    // scikit-learn 1.3: roc_auc_score([0,0,1,1], [.1,.4,.35,.8]) = 0.75; with a tie [.1,.4,.4,.8] = 0.875
    expect(areaUnderRoc([0.1, 0.4, 0.35, 0.8], [false, false, true, true])).toBe(0.75);
    expect(areaUnderRoc([0.1, 0.4, 0.4, 0.8], [false, false, true, true])).toBe(0.875);
    expect(
      accuracyOf(
        [
          [0.9, 0.1],
          [0.2, 0.8],
          [0.6, 0.4],
        ],
        [0, 1, 1],
      ),
    ).toMatchObject({ correct: 2, top1: 2 / 3 });
    expect(accuracyOf([[3], [1], [2]], [1, 0, 0])).toEqual({ count: 3, correct: 0, top1: null, auc: 1 });
  });

  it('says that a board was reset instead of taking its greeting for an answer', async () => {
    const target = talking((command) =>
      command.startsWith('infer')
        ? ['m-warmup-start-1', 'm-timestamp-mode-performance', 'm-lap-us-3', 'm-init-done']
        : [],
    );
    await expect(inferWindow(target, 10, 1)).rejects.toMatchObject({
      code: 'device.reset',
      message: expect.stringContaining("'infer 10 1'"),
    });
  });

  it('gives no median of fewer than five windows', () => {
    const windows = [{ inferences: 300, seconds: 12, results: [] }];
    expect(resultLines(windows, 10).at(-1)).toBe('1 of 5 windows: no median.');
  });

  it('writes the lines of the official logs', () => {
    // tiny_results_v1.2, STMicroelectronics NUCLEO_L4R5ZI kws performance: 300 inferences in 12.964 s is 23.142 inf./sec.
    const windows = [12.964, 12.956, 12.948, 12.964, 12.937].map((seconds) => ({
      inferences: 300,
      seconds,
      results: [],
    }));
    const lines = resultLines(windows, 10);
    expect(lines.slice(0, 5)).toEqual([
      'Performance results for window 1:',
      '  # Inferences :           300',
      '  Runtime      :        12.964 sec.',
      '  Throughput   :        23.141 inf./sec.',
      'Runtime requirements have been met.',
    ]);
    expect(lines.at(-2)).toBe('Median throughput is 23.155 inf./sec.');
    expect(resultLines([{ inferences: 9, seconds: 11, results: [] }], 10)[4]).toMatch(/NOT been met/);
  });

  it('reads a checkout of the data set, and never leaves its folder', async () => {
    const place = join(folder, 'kws01');
    mkdirSync(place);
    writeFileSync(join(place, 'a_1.bin'), Uint8Array.of(1, 2, 3));
    writeFileSync(join(place, 'y_labels.csv'), 'a_1.bin, 12, 4\na_1.bin, 12, 5\n');
    const samples = await readDataset(folder, 'kws01', 1);
    expect(samples).toMatchObject([{ name: 'a_1.bin', label: 4 }]);
    for (const row of ['../../etc/passwd, 12, 1', 'a_1.bin', 'gone.bin, 12, 1', 'a_1.bin, 12, -1', '']) {
      writeFileSync(join(place, 'y_labels.csv'), `${row}\n`);
      await expect(readDataset(folder, 'kws01', 9), row).rejects.toMatchObject({ code: 'data.broken' });
    }
  });

  it('sends pixels unsigned and ad01 as floats', () => {
    const port = { name: 'x', dtype: 'int8' as const, shape: [2], bytes: 2, offset: 0, scale: 0.5, zeroPoint: 3 };
    expect([...wireBytes('ic01', port, Int8Array.of(-128, 127))]).toEqual([0, 255]);
    expect([...wireBytes('kws01', port, Int8Array.of(-1, 2))]).toEqual([255, 2]);
    expect([...new Float32Array(wireBytes('ad01', port, Int8Array.of(3, 5)).buffer)]).toEqual([0, 1]);
  });

  it('refuses a board that does not take the bytes or gives no results', async () => {
    const deaf = talking(() => []);
    await expect(loadSample(deaf, new Uint8Array(4))).rejects.toMatchObject({ code: 'device.protocol' });
    const full = talking((c) => (c.startsWith('db load') ? ['Supplied buffer size 4 exceeds maximum of 2'] : []));
    await expect(loadSample(full, new Uint8Array(4))).rejects.toThrow(/exceeds maximum/);
    await expect(inferWindow(deaf, 1, 0)).rejects.toThrow(/0 timestamps and no results/);
    const broken = talking(() => ['e-[The model returned an error]']);
    await expect(inferWindow(broken, 1, 0)).rejects.toThrow(/model returned an error/);
    const good = talking(() => ['m-lap-us-100', 'm-lap-us-1100', 'm-results-[0.5,0.5]']);
    expect(await inferWindow(good, 5, 0)).toEqual({ inferences: 5, seconds: 0.001, results: [0.5, 0.5] });
  });
});
