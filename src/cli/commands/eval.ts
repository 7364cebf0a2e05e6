// SPDX-License-Identifier: Apache-2.0
import { openEvaluator } from '../../evaluator.js';
import type { TensorData } from '../../model/graph.js';
import { openHostPack, openPack } from '../../packFolder.js';
import { percent, right, table } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { fail } from '../errors.js';
import { readNpyFile } from '../files.js';
import { inputScaleOption, outOption, readSamples, writeOutputs } from '../sampleInput.js';

export interface ClassScore {
  class: number;
  count: number;
  correct: number;
  /** null where the class has no sample. */
  accuracy: number | null;
}

/** Index of the largest element; the first of equals. */
export function argmax(data: TensorData): number {
  let best = 0;
  for (let i = 1; i < data.length; i++) if (data[i] > data[best]) best = i;
  return best;
}

/** Top-1 accuracy, total and per class. */
export function score(
  predictions: readonly number[],
  labels: readonly number[],
  classes: number,
): { accuracy: number; perClass: ClassScore[] } {
  const perClass = Array.from(
    { length: classes },
    (_, c): ClassScore => ({ class: c, count: 0, correct: 0, accuracy: null }),
  );
  let correct = 0;
  labels.forEach((label, k) => {
    const row = perClass[label];
    row.count++;
    if (predictions[k] !== label) return;
    row.correct++;
    correct++;
  });
  for (const row of perClass) row.accuracy = row.count ? row.correct / row.count : null;
  return { accuracy: correct / labels.length, perClass };
}

/** Class numbers from a label file: [N], [N, 1] or one-hot [N, classes]. */
async function readLabels(path: string, count: number, classes: number): Promise<number[]> {
  const { shape, data } = await readNpyFile(path);
  const oneHot = shape.length === 2 && shape[1] === classes && classes > 1;
  const labels = oneHot
    ? Array.from({ length: shape[0] }, (_, k) => argmax(data.slice(k * classes, (k + 1) * classes)))
    : Array.from(data as ArrayLike<number | bigint>, Number);
  if (labels.length !== count) fail('data.broken', { path, reason: `${labels.length} labels for ${count} samples` });
  const bad = labels.find((l) => !Number.isInteger(l) || l < 0 || l >= classes);
  if (bad !== undefined) fail('data.broken', { path, reason: `label ${bad} is no class of 0…${classes - 1}` });
  return labels;
}

export const evaluate: CommandSpec = {
  name: 'eval',
  summary: 'accuracy of the packed model, total and per class, on WebAssembly that is bit-equal to what verify runs',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--data <x.npy>', text: 'inputs', required: true },
    { flags: '--labels <y.npy>', text: 'class numbers', required: true },
    inputScaleOption,
    outOption,
  ],
  async run([dir], options, out) {
    const folder = await openPack(dir);
    const { manifest } = await openHostPack(folder);
    const { data: samples, how } = await readSamples(
      manifest,
      text(options, 'data') as string,
      text(options, 'inputScale'),
    );
    const classes = manifest.outputs[0].shape.reduce((a, b) => a * b, 1);
    const labels = await readLabels(text(options, 'labels') as string, samples.length, classes);
    const evaluator = await openEvaluator(
      folder,
      samples.map((s) => [s]),
    );
    const started = performance.now();
    const outputs = samples.map((s) => evaluator.run([s]));
    const seconds = (performance.now() - started) / 1000;
    await writeOutputs(manifest, outputs, text(options, 'out'));
    const { accuracy, perClass } = score(
      outputs.map((o) => argmax(o[0])),
      labels,
      classes,
    );
    const rows = perClass.map((c) => [
      String(c.class),
      String(c.count),
      String(c.correct),
      c.accuracy === null ? '–' : percent(c.accuracy),
    ]);
    return {
      data: {
        name: manifest.name,
        hash: manifest.hash,
        rounding: manifest.rounding,
        count: samples.length,
        accuracy,
        perClass,
        inputScale: how,
      },
      lines: [
        `pack    ${manifest.name}   ${manifest.arithmetic}   rounding ${manifest.rounding}`,
        `data    ${samples.length} samples: ${how}`,
        '',
        ...table([right('class'), right('samples'), right('correct'), right('accuracy')], rows, out.width),
        '',
        `top-1   ${(100 * accuracy).toFixed(2)}%   ${Math.round(accuracy * samples.length)} of ${samples.length}   ${(samples.length / seconds).toFixed(0)} samples/s on this machine, ${evaluator.kernels}`,
      ],
    };
  },
};
