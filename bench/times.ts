// SPDX-License-Identifier: Apache-2.0
// How long the commands take as whole processes: the median of five runs.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { packageRoot } from '../src/packageRoot.js';
import { benchedModels } from './modelFiles.js';

export interface TimeRow {
  what: string;
  seconds: number;
  limit: number;
}

const runs = 5;
const shared = join(packageRoot, '..', 'shared');
const data = join(shared, 'data', 'kws');
const floatIc = join(shared, 'models', 'mlperf-tiny', 'pretrainedResnet.tflite');

function seconds(args: readonly string[]): number {
  const times = Array.from({ length: runs }, () => {
    const started = performance.now();
    const { status, stderr } = spawnSync(process.execPath, [join(packageRoot, 'dist', 'cli', 'main.js'), ...args], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`mote ${args.join(' ')}: ${stderr}`);
    return (performance.now() - started) / 1000;
  });
  return times.sort((a, b) => a - b)[runs >> 1];
}

export async function benchTimes(): Promise<TimeRow[]> {
  const file = (name: string): string => benchedModels.find((m) => m.name === name)?.file ?? '';
  if (!existsSync(file('kws'))) return [];
  const folder = mkdtempSync(join(tmpdir(), 'mote-times-'));
  try {
    const kws = join(folder, 'kws');
    const pack = (name: string, to: string): string[] => [
      'pack',
      file(name),
      '--target',
      'wasm32',
      '--name',
      name,
      '-o',
      to,
    ];
    return [
      { what: 'pack KWS', seconds: seconds(pack('kws', kws)), limit: 2 },
      {
        what: 'pack IC float, 128 calibration images',
        seconds: seconds([
          ...['pack', floatIc, '--target', 'wasm32', '--name', 'ic', '-o', join(folder, 'ic')],
          ...['--calib', join(shared, 'data', 'cifar10', 'calib_x.npy')],
        ]),
        limit: 10,
      },
      { what: 'pack VWW', seconds: seconds(pack('vww', join(folder, 'vww'))), limit: 5 },
      {
        what: 'eval 500 KWS inputs',
        seconds: seconds(['eval', kws, '--data', join(data, 'test_x.npy'), '--labels', join(data, 'test_y.npy')]),
        limit: 5,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
