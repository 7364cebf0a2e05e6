// SPDX-License-Identifier: Apache-2.0
// --max-drop N: how many points the packed model may fall behind float before pack and tune fail.
import { floatPort, parseInputScale, samplesFor } from '../model/samples.js';
import type { PackResult } from '../packModel.js';
import type { Trust } from '../trust.js';
import { observeGraph, trustOf } from '../trustRunners.js';
import { type OptionSpec, type OptionValues, text } from './command.js';
import { fail } from './errors.js';
import { readNpyFile } from './files.js';
import { readLabels } from './labels.js';

export const maxDropOptions: OptionSpec[] = [
  {
    flags: '--max-drop <points>',
    text: 'fail (exit 8) when top-1 with --data and --labels, else the agreement with float, falls by more',
  },
  { flags: '--data <x.npy>', text: 'inputs for --max-drop (default: the calibration inputs)' },
  { flags: '--labels <y.npy>', text: 'class numbers of --data' },
];

export interface Drop {
  measure: 'top-1' | 'agreement';
  points: number;
  trust: Trust;
}

const points = (share: number): number => Math.round(1e4 * share) / 100;

export const dropLine = ({ measure, points: drop, trust }: Drop): string =>
  `trust   ${measure}: float ${points(trust.float)} %, packed ${points(trust.packed)} % of ${trust.samples} samples (${drop} points less, ${trust.changed} answers changed)`;

function limitOf(options: OptionValues): number | undefined {
  const given = text(options, 'maxDrop');
  if (given === undefined) return undefined;
  const limit = Number(given);
  if (!(limit >= 0 && limit <= 100))
    fail('usage.option', { option: 'max-drop', expected: 'points from 0 to 100', got: given });
  return limit;
}

/** Judges the pack where --max-drop or --data is given; fails beyond the limit. */
export async function requireDrop(options: OptionValues, pack: PackResult, command: string): Promise<Drop | undefined> {
  const limit = limitOf(options);
  const [data, labelPath] = [text(options, 'data'), text(options, 'labels')];
  if (labelPath !== undefined && data === undefined)
    fail('usage.bad', { what: '--labels needs the --data that they label', command });
  if (limit === undefined && data === undefined) return undefined;
  const { manifest, made } = pack;
  if (manifest.frontend)
    fail('usage.bad', { what: 'a drop is measured on features: take the pack without --frontend for it', command });
  if (!made) return fail('quant.float', { what: 'a drop is measured against the float model that mote quantizes' });
  const path = data ?? made.calibration.path;
  const array = data === undefined ? made.calibration.array : await readNpyFile(data);
  const scale = text(options, 'inputScale');
  // Calibration numbers are read as the float model read them.
  const meant = data === undefined ? made.inputScale : parseInputScale(scale ?? 'auto');
  const packed = samplesFor(array, manifest.inputs[0], meant, path);
  const exact = samplesFor(array, floatPort(manifest.inputs[0]), packed.real, path);
  const classes = manifest.outputs[0].shape.reduce((a, b) => a * b, 1);
  const labels = labelPath === undefined ? undefined : await readLabels(labelPath, packed.data.length, classes);
  const trust = await trustOf({
    float: made.float,
    floatInputs: exact.data,
    packed: await observeGraph(pack.graph, manifest.rounding, packed.data),
    ...(labels ? { labels } : {}),
    classes,
    equalized: made.equalization !== 'none',
  });
  const drop: Drop = { measure: labels ? 'top-1' : 'agreement', points: points(trust.float - trust.packed), trust };
  if (limit !== undefined && drop.points > limit)
    fail('drop.over', {
      measure: drop.measure,
      drop: drop.points,
      limit,
      float: points(trust.float),
      packed: points(trust.packed),
      count: trust.samples,
    });
  return drop;
}
