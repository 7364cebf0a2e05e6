// SPDX-License-Identifier: Apache-2.0
// --frontend NAME[:key=value,…]: what turns sound into the features that a model takes. All keys have defaults; what is
// written back (`frontendText`) has them all, so that it says the same whatever the defaults become.
import { fail } from '../cli/errors.js';

/** In the keys' own units: Hz, ms as samples. */
export interface FrontendSpec {
  name: FrontendName;
  /** Samples per second. */
  rate: number;
  /** Samples of a frame, and from one frame to the next. */
  window: number;
  hop: number;
  /** Channels of the filter bank, and the band that they cover. */
  mels: number;
  lowHz: number;
  highHz: number;
  /** Samples of an inference's input; undefined: one second where that gives the model's frames, else what they need. */
  clip?: number;
  /** mfcc only. */
  coefficients: number;
  shape: WindowShape;
  /** Sample that counts as 1, and what is added to a channel before its logarithm. */
  peak: number;
  floor: number;
}

export const windowShapes = ['hann', 'hamming'] as const;
export type WindowShape = (typeof windowShapes)[number];

type Key = Exclude<keyof FrontendSpec, 'name'>;

interface KeyRow {
  key: Key;
  /** As it is written. */
  text: string;
  expected: string;
  read(value: string, rate: number): FrontendSpec[Key] | undefined;
  write(value: number | string, rate: number): string;
}

const decimal = /^\d+(\.\d+)?(e[+-]?\d+)?$/;

const number =
  (min: number, max: number, whole: boolean) =>
  (value: string): number | undefined => {
    const n = Number(value);
    return decimal.test(value) && n >= min && n <= max && (!whole || Number.isInteger(n)) ? n : undefined;
  };

/** `30ms` or `1s` as samples. */
function duration(value: string, rate: number): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s)$/.exec(value);
  const samples = match ? Math.round(Number(match[1]) * rate * (match[2] === 's' ? 1000 : 1)) / 1000 : undefined;
  return samples !== undefined && Number.isInteger(samples) && samples > 0 && samples <= 2 ** 24 ? samples : undefined;
}

const plain = { write: (value: number | string): string => String(value) };
const hertz = { read: number(0, 192_000, false), ...plain };
const time = { read: duration, write: (value: number | string, rate: number) => `${(Number(value) * 1000) / rate}ms` };

const rows: readonly KeyRow[] = [
  { key: 'rate', text: 'rate', expected: 'whole Hz from 1000 to 192000', read: number(1000, 192_000, true), ...plain },
  { key: 'window', text: 'window', expected: 'a time as 30ms that is whole samples', ...time },
  { key: 'hop', text: 'hop', expected: 'a time as 20ms that is whole samples', ...time },
  { key: 'mels', text: 'mels', expected: 'a whole number from 1 to 256', read: number(1, 256, true), ...plain },
  {
    key: 'coefficients',
    text: 'coefficients',
    expected: 'a whole number from 1 to 256',
    read: number(1, 256, true),
    ...plain,
  },
  { key: 'lowHz', text: 'low', expected: 'Hz', ...hertz },
  { key: 'highHz', text: 'high', expected: 'Hz', ...hertz },
  {
    key: 'shape',
    text: 'shape',
    expected: windowShapes.join(' or '),
    read: (value) => windowShapes.find((s) => s === value),
    ...plain,
  },
  { key: 'peak', text: 'peak', expected: 'a number from 1 to 32768', read: number(1, 32_768, false), ...plain },
  { key: 'floor', text: 'floor', expected: 'a number from 1e-12 to 0.5', read: number(1e-12, 0.5, false), ...plain },
  { key: 'clip', text: 'clip', expected: 'a time as 1s that is whole samples', ...time },
];

const common: readonly Key[] = ['rate', 'window', 'hop', 'mels', 'lowHz', 'highHz', 'clip'];
const ofMfcc: readonly Key[] = ['coefficients', 'shape', 'peak', 'floor'];

/** What each front end takes, and what holds where nothing is said. */
const frontends = {
  // The micro_speech example of tflite-micro (audio_preprocessor.py, FeatureParams).
  micro_speech: { keys: common, defaults: { mels: '40', lowHz: '125', highHz: '7500' } },
  // MLPerf Tiny's keyword spotting (mlcommons/tiny, keyword_spotting/get_dataset.py).
  mfcc: {
    keys: [...common, ...ofMfcc],
    defaults: { mels: '40', coefficients: '10', lowHz: '20', highHz: '4000', peak: '32768', floor: '1e-6' },
  },
} as const;

export type FrontendName = keyof typeof frontends;

const shared: Readonly<Partial<Record<Key, string>>> = { rate: '16000', window: '30ms', hop: '20ms', shape: 'hann' };

const refuse = (expected: string, got: string): never => fail('usage.option', { option: 'frontend', expected, got });

/** The values by key, each once. */
function readPairs(name: FrontendName, text: string): Map<Key, string> {
  const values = new Map<Key, string>();
  for (const pair of text === '' ? [] : text.split(',')) {
    const [word, value, ...rest] = pair.split('=');
    const known = frontends[name].keys as readonly Key[];
    const row = rows.find((r) => r.text === word && known.includes(r.key));
    const words = rows.filter((r) => known.includes(r.key)).map((r) => r.text);
    if (!row || value === undefined || rest.length > 0)
      return refuse(`${name}:key=value,… with keys ${words.join(', ')}`, pair);
    if (values.has(row.key)) return refuse(`each key once, and ${word} again`, text);
    values.set(row.key, value);
  }
  return values;
}

function checkBands(spec: FrontendSpec): void {
  const { rate, window, hop, lowHz, highHz, mels, coefficients, name } = spec;
  if (highHz > rate / 2) refuse(`a high of at most half the rate, ${rate / 2}`, String(highHz));
  if (lowHz >= highHz) refuse('a low below high', `${lowHz}, ${highHz}`);
  if (window > 4096 || window < 64) refuse('a window of 64 to 4096 samples', `${window} samples`);
  if (hop > window) refuse('a hop no longer than the window', `${hop} samples`);
  if (name === 'mfcc' && coefficients > mels)
    refuse(`at most as many coefficients as mels, ${mels}`, String(coefficients));
}

export function parseFrontend(text: string): FrontendSpec {
  const [word, ...rest] = text.split(':');
  const name = (Object.keys(frontends) as FrontendName[]).find((n) => n === word);
  if (!name || rest.length > 1)
    return refuse(`${Object.keys(frontends).join(' or ')}, with :key=value,… behind it`, text);
  const given = readPairs(name, rest[0] ?? '');
  const defaults: Readonly<Partial<Record<Key, string>>> = { ...shared, ...frontends[name].defaults };
  const spec: Record<string, unknown> = { name, coefficients: 0, peak: 32_768, floor: 1e-6 };
  for (const row of rows) {
    const value = given.get(row.key) ?? defaults[row.key];
    if (value === undefined) continue;
    // The rate is the first row: times need it.
    const read = row.read(value, (spec.rate as number | undefined) ?? 0);
    spec[row.key] = read ?? refuse(`${row.expected} for ${row.text}`, value);
  }
  checkBands(spec as unknown as FrontendSpec);
  return spec as unknown as FrontendSpec;
}

/** The front end with all that it takes said. */
export function frontendText(spec: FrontendSpec): string {
  const pairs = rows
    .filter((r) => (frontends[spec.name].keys as readonly Key[]).includes(r.key) && spec[r.key] !== undefined)
    .map((r) => `${r.text}=${r.write(spec[r.key] as number | string, spec.rate)}`);
  return `${spec.name}:${pairs.join(',')}`;
}

/** Samples of the Fourier transform of a window: the next power of two. */
export const fftSize = (window: number): number => 2 ** Math.ceil(Math.log2(window));
