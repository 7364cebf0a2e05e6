// SPDX-License-Identifier: Apache-2.0
import { argmax } from '../../argmax.js';
import { openEvaluator } from '../../evaluator.js';
import type { TensorData } from '../../model/graph.js';
import { openHostPack, openPack } from '../../packFolder.js';
import { packTrust } from '../../packTrust.js';
import { percent, right, table } from '../../report/table.js';
import { trustLines, trustPage } from '../../report/trustReport.js';
import { type CommandSpec, text } from '../command.js';
import { fail } from '../errors.js';
import { readNpyFile, writeOutput } from '../files.js';
import { readLabels } from '../labels.js';
import { inputScaleOption, outOption, readSamples, resetOption, stateNote, writeOutputs } from '../sampleInput.js';

export { argmax } from '../../argmax.js';

export interface ClassScore {
  class: number;
  count: number;
  correct: number;
  /** null where the class has no sample. */
  accuracy: number | null;
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

interface Scored {
  accuracy: number;
  perClass: ClassScore[];
}

function scoreLines({ accuracy, perClass }: Scored, count: number, width: number): string[] {
  const rows = perClass.map((c) => [
    String(c.class),
    String(c.count),
    String(c.correct),
    c.accuracy === null ? '–' : percent(c.accuracy),
  ]);
  return [
    ...table([right('class'), right('samples'), right('correct'), right('accuracy')], rows, width),
    '',
    `top-1   ${(100 * accuracy).toFixed(2)}%   ${Math.round(accuracy * count)} of ${count}`,
  ];
}

export const evaluate: CommandSpec = {
  name: 'eval',
  summary:
    'accuracy of the packed model, on WebAssembly that is bit-equal to what verify runs, and float against packed',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--data <x.npy>', text: 'inputs', required: true },
    { flags: '--labels <y.npy>', text: 'class numbers; without them, agreement with the float model' },
    {
      flags: '--report <file.html>',
      text: 'write float against packed as a page: per class, noise per layer, weights',
    },
    inputScaleOption,
    resetOption,
    outOption,
  ],
  async run([dir], options, out) {
    const folder = await openPack(dir);
    const { manifest } = await openHostPack(folder);
    const data = text(options, 'data') as string;
    const [labelPath, page] = [text(options, 'labels'), text(options, 'report')];
    const hasFloat = folder.manifest.model.float !== undefined;
    if (labelPath === undefined && !hasFloat)
      fail('usage.bad', { what: 'this pack has no float model to agree with: give --labels', command: 'eval' });
    if (page !== undefined && !hasFloat)
      fail('usage.bad', {
        what: '--report compares with the float model, which this pack does not have',
        command: 'eval',
      });
    const samples = await readSamples(manifest, data, text(options, 'inputScale'));
    const classes = manifest.outputs[0].shape.reduce((a, b) => a * b, 1);
    const labels = labelPath === undefined ? undefined : await readLabels(labelPath, samples.data.length, classes);
    const evaluator = await openEvaluator(
      folder,
      samples.data.map((s) => [s]),
    );
    const started = performance.now();
    const resetEach = options.reset === true;
    const outputs = samples.data.map((s): TensorData[] => {
      if (resetEach) evaluator.reset();
      return evaluator.run([s]);
    });
    const seconds = (performance.now() - started) / 1000;
    await writeOutputs(manifest, outputs, text(options, 'out'));
    const scored =
      labels &&
      score(
        outputs.map((o) => argmax(o[0])),
        labels,
        classes,
      );
    const against = await packTrust({ folder, evaluator, array: await readNpyFile(data), path: data, samples, labels });
    const trust = against?.trust;
    if (page !== undefined && against) await writeOutput(page, trustPage(folder.manifest, against));
    const count = samples.data.length;
    return {
      data: {
        name: manifest.name,
        hash: manifest.hash,
        rounding: manifest.rounding,
        count,
        ...(scored ?? {}),
        inputScale: samples.how,
        trust: trust ?? null,
      },
      lines: [
        `pack    ${manifest.name}   ${manifest.arithmetic}   rounding ${manifest.rounding}`,
        `data    ${count} samples: ${samples.how}`,
        ...stateNote(manifest, resetEach),
        '',
        ...(scored ? [...scoreLines(scored, count, out.width), ''] : []),
        ...(trust ? [...trustLines(trust, out.width), ''] : []),
        ...(page !== undefined ? [`report  ${page}`] : []),
        `speed   ${(count / seconds).toFixed(0)} samples/s on this machine, ${evaluator.kernels}`,
      ],
    };
  },
};
