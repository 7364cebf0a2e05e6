// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { parseBudgets } from '../../compress/allocate/budgets.js';
import { levelNames } from '../../compress/allocate/levels.js';
import { decibels, qualities } from '../../compress/allocate/quality.js';
import type { Totals } from '../../compress/allocate/totals.js';
import { targetTable } from '../../costs/boardCosts.js';
import { predictPack } from '../../costs/predict.js';
import { parseInputScale } from '../../model/samples.js';
import { codedModes } from '../../plan/codedConstants.js';
import { predictionData, predictionLines } from '../../report/prediction.js';
import { grouped, percent, right, table } from '../../report/table.js';
import { type Tuned, tuneModel } from '../../tuneModel.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { boardCosts, costOptions } from '../costOptions.js';
import { fail } from '../errors.js';
import { readInput, readNpyFile, writeOutput } from '../files.js';
import { dropLine, maxDropOptions, requireDrop } from '../maxDrop.js';
import { choice, targetOption } from '../packOptions.js';

const db = (loss: number): string => decibels(loss).toFixed(1);

function seedOf(options: OptionValues): number {
  const given = text(options, 'seed') ?? '1';
  const seed = Number(given);
  if (!Number.isInteger(seed) || seed < 1 || seed > 0x7fffffff)
    fail('usage.option', { option: 'seed', expected: 'a whole number from 1', got: given });
  return seed;
}

const layerLines = ({ layers }: Tuned, unit: string, width: number): string[] =>
  table(
    [{ title: 'layer' }, { title: 'format' }, right('weights'), right('bytes'), right(`≈${unit}`), right('noise dB')],
    layers.map((l) => [
      l.name,
      l.format,
      grouped(l.weights),
      grouped(l.bytes),
      `${l.rough ? '~' : ''}${grouped(l.instructions)}`,
      // What this layer alone adds to the noise of int8, under the signal.
      l.addedLoss > 0 ? (-decibels(l.addedLoss)).toFixed(1) : '–',
    ]),
    width,
  );

function frontLines(
  { front, int8, chosen }: Tuned,
  predicted: number,
  measured: number,
  { unit, width }: { unit: string; width: number },
): string[] {
  const row = (what: string, t: Totals, p: number, m?: number): string[] => [
    what,
    grouped(t.flash),
    percent(t.flash, int8.flash),
    grouped(t.ram),
    grouped(t.cycles),
    db(p),
    // Only some points of the front are rounded and measured.
    m === undefined ? '–' : db(m),
  ];
  const rows = front.map((p) => row('', p, p.predicted, p.measured));
  const head = [{ title: 'plan' }, right('flash'), right('of int8'), right('ram'), right(`≈${unit}`)];
  return table(
    [...head, right('predicted dB'), right('measured dB')],
    [...rows, row('chosen', chosen, predicted, measured)],
    width,
  );
}

const formatsOf = (tuned: Tuned): object[] =>
  tuned.layers.map(({ name, format, weights, bytes, instructions, rough, addedLoss }) => ({
    ...{ name, format, weights, bytes, instructions, roughInstructions: rough },
    predictedLoss: addedLoss,
  }));

export const tune: CommandSpec = {
  name: 'tune',
  summary: 'find the weight format of each layer that loses least within budgets, and write it as a recipe for pack',
  arguments: [{ name: 'model', text: 'float .tflite or .onnx file' }],
  options: [
    { flags: '--target <id>', text: 'CPU to tune for; mote targets lists them' },
    { flags: '--board <id>', text: 'board to tune for: its CPU' },
    { flags: '--calib <x.npy>', text: 'calibration inputs', required: true },
    {
      flags: '--budget <list>',
      text: 'flash= (constants; code comes on top), ram= (arena with scratch), cycles= (predicted: of the board, once profiled with --learn; else instructions): a number, K or M, or % of int8',
      required: true,
    },
    {
      flags: '--quality <what>',
      text: "snr (noise of the outputs, default) or top1 (agreement with the float model's answers: noise over their margins; no labels needed)",
    },
    {
      flags: '--formats <list>',
      text: `formats to choose from, as low50-int8 (two layers with half of the weights), sparse1:4, coded3, int4@start too (default: those of ${levelNames({ cycles: true }).join(',')} that the target has kernels for; sparse and low ones with cycles=)`,
    },
    {
      flags: '--coded <when>',
      text: 'also offer entropy-coded storage, decoded as layers run (stream) or once (start): takes RAM',
    },
    { flags: '--input-scale <how>', text: 'numbers in --calib and --data: auto, raw or SCALE,ZERO' },
    ...maxDropOptions,
    ...costOptions,
    { flags: '--seed <n>', text: 'of the search (default: 1); the same seed gives the same recipe' },
    { flags: '-o, --output <recipe.json>', text: 'recipe to write', required: true },
  ],
  async run([path], options, out) {
    const { target, board } = targetOption(options, 'tune');
    const quality = choice(options, 'quality', qualities) ?? 'snr';
    const { found: costFile, warnings } = await boardCosts(options, board, 'tune');
    const costs = costFile?.table ?? targetTable(target);
    const budgets = parseBudgets(text(options, 'budget') as string);
    const formats = text(options, 'formats')
      ?.split(',')
      .map((f) => f.trim());
    const coded = choice(options, 'coded', codedModes);
    if (formats && coded)
      fail('usage.bad', { what: '--coded adds to the default formats, --formats names them all', command: 'tune' });
    const calib = text(options, 'calib') as string;
    const started = performance.now();
    const tuned = await tuneModel({
      bytes: await readInput(path),
      fileName: basename(path),
      target: target.id,
      board: board?.id,
      calibration: { array: await readNpyFile(calib), path: calib },
      inputScale: parseInputScale(text(options, 'inputScale') ?? 'auto'),
      ...(formats ? { formats } : {}),
      ...(coded ? { coded } : {}),
      budgets,
      quality,
      seed: seedOf(options),
      ...(costFile ? { costs: costFile.table } : {}),
      onProgress: (what, done, all) => out.progress(`${what}: ${done} of ${all}`),
    });
    out.progress('');
    const drop = await requireDrop(options, tuned.pack, 'tune');
    const file = text(options, 'output') as string;
    await writeOutput(file, `${JSON.stringify(tuned.recipe, null, 2)}\n`);
    const { found, int8, chosen, limits, pack } = tuned;
    const prediction = predictPack(pack.manifest, costs);
    const rough = tuned.layers.filter((l) => l.rough).length;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return {
      data: {
        recipe: file,
        target: target.id,
        quality,
        limits,
        int8,
        chosen,
        predictedLoss: found.predicted,
        measuredLoss: found.loss,
        probedLoss: found.probed,
        correction: found.correction,
        lossSamples: tuned.lossSamples,
        plansMeasured: found.tried,
        equalization: tuned.equalization,
        layers: formatsOf(tuned),
        front: tuned.front,
        pack: {
          hash: pack.manifest.hash,
          weightBytes: pack.manifest.weightBytes,
          arenaBytes: pack.manifest.arenaBytes,
        },
        drop: drop ?? null,
        withoutKernels: Object.fromEntries(tuned.without),
        notes: pack.notes,
        unit: costs.unit,
        predicted: predictionData(prediction, costFile?.path),
      },
      warnings,
      lines: [
        `model   ${basename(path)}   target ${target.id}   quality ${quality}   ${tuned.lossSamples} samples judge`,
        `budget  ${Object.entries(limits)
          .map(([kind, limit]) => `${kind} ${grouped(limit)} (int8 ${grouped(int8[kind as keyof Totals])})`)
          .join('   ')}`,
        '',
        ...frontLines(tuned, found.predicted, found.loss, { unit: costs.unit, width: out.width }),
        '',
        ...layerLines(tuned, costs.unit, out.width),
        '',
        ...(rough > 0
          ? [
              `note    ~ ${rough} layers take kernels without a cost row for ${target.id}: a rough figure counts for them`,
            ]
          : []),
        ...[...tuned.without].map(
          ([format, layers]) =>
            `note    ${target.id} has no fast kernel for ${format} in ${layers} layers: not offered there`,
        ),
        ...pack.notes.map((n) => `note    ${n}`),
        ...(drop ? [dropLine(drop)] : []),
        `chosen  predicted ${db(found.predicted)} dB (probes ${db(found.probed)}, corrected by ${found.correction.plans} other plans), measured ${db(found.loss)} dB; int8 measured ${db(tuned.int8Loss)} dB`,
        `flash   constants ${grouped(pack.manifest.weightBytes)} bytes, ${percent(chosen.flash, int8.flash)} of int8 (code comes on top)`,
        ...predictionLines(prediction, costs, costFile?.path, board?.clockHz),
        `wrote   ${file}   ${found.tried} plans rounded and measured   ${seconds} s`,
        `next    mote pack ${path} --${board ? `board ${board.id}` : `target ${target.id}`} --calib ${calib} --recipe ${file} -o DIR`,
      ],
    };
  },
};
