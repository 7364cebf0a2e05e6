// SPDX-License-Identifier: Apache-2.0
// Samples for MLPerf Tiny: a checkout of the public data set (folder TASK with y_labels.csv: file, classes, class), or
// what an .npy of the model's own input becomes on the wire.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../cli/errors.js';
import { readInput } from '../cli/files.js';
import type { PackManifest } from '../generated/pack.js';
import type { MlperfSample } from './mlperfRun.js';
import { type MlperfTask, mlperfTasks } from './mlperfTasks.js';

const fileName = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** The first `limit` samples that y_labels.csv names; a name never leaves the folder. */
export async function readDataset(folder: string, task: MlperfTask, limit: number): Promise<MlperfSample[]> {
  const place = join(folder, task);
  const path = join(place, 'y_labels.csv');
  const rows = Buffer.from(await readInput(path))
    .toString('utf8')
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '');
  const present = new Set(await readdir(place));
  const samples: MlperfSample[] = [];
  for (const row of rows.slice(0, limit)) {
    const [file, , label] = row.split(',').map((cell) => cell.trim());
    const number = Number(label);
    if (!fileName.test(file ?? '') || !Number.isInteger(number) || number < 0)
      fail('data.broken', { path, reason: `'${row.slice(0, 60)}' is no line of file, classes, class` });
    if (!present.has(file)) fail('data.broken', { path, reason: `'${file}' is not beside it` });
    samples.push({ name: file, bytes: await readInput(join(place, file)), label: number });
  }
  return samples.length > 0 ? samples : fail('data.broken', { path, reason: 'it names no samples' });
}

/** An input tensor as the bytes that `db` loads for this task. */
export function wireBytes(task: MlperfTask, port: PackManifest['inputs'][number], tensor: Int8Array): Uint8Array {
  switch (mlperfTasks[task].input) {
    case 'tensor':
      return new Uint8Array(tensor.buffer, tensor.byteOffset, tensor.length);
    case 'uint8':
      return Uint8Array.from(tensor, (q) => q + 128);
    case 'float32': {
      const values = Float32Array.from(tensor, (q) => (q - (port.zeroPoint ?? 0)) * (port.scale ?? 1));
      return new Uint8Array(values.buffer);
    }
  }
}

/** The size of one sample on the wire. */
export const wireSize = (task: MlperfTask, port: PackManifest['inputs'][number]): number =>
  mlperfTasks[task].input === 'float32' ? port.bytes * 4 : port.bytes;
