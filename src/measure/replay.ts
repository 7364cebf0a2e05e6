// SPDX-License-Identifier: Apache-2.0
// Recorded traces from a file: the line meter's CSV or JSON lines, and what Nordic's Power Profiler exports
// (`Timestamp(ms),Current(uA),D0-D7` or one column for each input).
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fail } from '../cli/errors.js';
import { type ColumnMap, LineParser, type LineSample, usualColumns } from './lineMeter.js';
import { traceOf } from './lineMeterLink.js';
import type { Trace } from './trace.js';

const mostBytes = 1 << 30;

export interface ReplayOptions {
  columns?: ColumnMap;
  /** Where the file has no voltage. */
  millivolt?: number;
}

/** A digital column `D0-D7` holds eight letters, D0 first. */
const packedInputs = 'D0-D7';

export async function readTrace(path: string, options: ReplayOptions = {}): Promise<Trace> {
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) =>
    fail('file.read', { path, reason: error.code ?? error.message }),
  );
  if (bytes.length > mostBytes) fail('file.size', { path, bytes: bytes.length, limit: mostBytes });
  return traceFromText(bytes.toString('latin1'), path, options);
}

export function traceFromText(text: string, path: string, options: ReplayOptions): Trace {
  const firstEnd = text.search(/[\r\n]/);
  const header = text.slice(0, firstEnd < 0 ? text.length : firstEnd);
  const name = `replay of ${basename(path)}`;
  const { samples, strangeLines } = /^\s*timestamp\s*\(ms\)/i.test(header)
    ? powerProfilerSamples(text, header)
    : lineSamples(text, options.columns ?? usualColumns);
  if (samples.length < 3) fail('data.broken', { path, reason: 'fewer than three lines with time and current' });
  const notes = strangeLines > 0 ? [`${strangeLines} lines were not understood`] : [];
  const trace = traceOf(name, samples, { columns: { ...usualColumns }, source: 'measured', ...options }, notes);
  return trace;
}

interface Parsed {
  samples: LineSample[];
  strangeLines: number;
}

function lineSamples(text: string, columns: ColumnMap): Parsed {
  const parser = new LineParser(columns);
  const samples: LineSample[] = [];
  for (const line of text.split(/\r?\n/)) {
    const sample = parser.parse(line);
    if (sample) samples.push(sample);
  }
  return { samples, strangeLines: parser.strangeLines };
}

function powerProfilerSamples(text: string, header: string): Parsed {
  const names = header.split(',').map((n) => n.trim());
  const currentAt = names.findIndex((n) => /^current\s*\((u|µ|n|m)?A\)/i.test(n));
  const unit = /\(([^)]*)\)/.exec(names[currentAt] ?? '')?.[1] ?? '';
  const scale = { nA: 1e-9, uA: 1e-6, µA: 1e-6, mA: 1e-3, A: 1 }[unit] ?? Number.NaN;
  const inputsAt = names.indexOf(packedInputs);
  const firstInputAt = names.indexOf('D0');
  const samples: LineSample[] = [];
  let strangeLines = 0;
  for (const line of text.slice(header.length).split(/\r?\n/)) {
    if (line.trim() === '') continue;
    const cells = line.split(',');
    const marker = inputsAt >= 0 ? cells[inputsAt]?.trim()[0] === '1' : cells[firstInputAt]?.trim() === '1';
    const sample = {
      timeUs: Number(cells[0]) * 1000,
      currentA: cells[currentAt]?.trim() ? Number(cells[currentAt]) * scale : Number.NaN,
      voltageV: undefined,
      marker: marker ? 1 : 0,
    };
    if (Number.isFinite(sample.timeUs) && Number.isFinite(sample.currentA)) samples.push(sample);
    else strangeLines++;
  }
  return { samples, strangeLines };
}
