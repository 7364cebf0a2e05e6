// SPDX-License-Identifier: Apache-2.0
// The line meter behind a link: what it prints between start and stop is the recording.
import { fail } from '../cli/errors.js';
import type { Link } from '../link/link.js';
import { type ColumnMap, evenSamples, LineParser, type LineSample } from './lineMeter.js';
import type { Meter } from './meter.js';
import { type Trace, TraceBuilder } from './trace.js';

export interface LineMeterOptions {
  columns: ColumnMap;
  /** Where the lines have no voltage. */
  millivolt?: number;
  source: 'measured' | 'emulated';
}

const firstLinesTimeoutMs = 5000;
const wantedLines = 20;
const mostLineLetters = 4096;

export async function openLineMeter(link: Link, options: LineMeterOptions): Promise<Meter> {
  const parser = new LineParser(options.columns);
  let text = '';
  let samples: LineSample[] = [];
  let gone: string | undefined;
  link.onClose((reason) => {
    gone = reason;
  });
  link.onData((bytes) => {
    const lines = (text + Buffer.from(bytes).toString('latin1')).split(/\r?\n/);
    text = (lines.pop() ?? '').slice(-mostLineLetters);
    for (const line of lines) {
      const sample = parser.parse(line);
      if (sample) samples.push(sample);
    }
  });
  const deadline = performance.now() + firstLinesTimeoutMs;
  while (samples.length < wantedLines && gone === undefined && performance.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 10));
  if (samples.length < wantedLines)
    fail('meter.silent', {
      meter: `line meter at ${link.name}`,
      reason: gone ?? `${samples.length} lines with time and current, ${parser.strangeLines} others`,
    });
  const name = `line meter at ${link.name}`;
  const probe = traceOf(name, samples, options, []);
  return {
    info: {
      name,
      rateHz: probe.rateHz,
      digitalInputs: options.columns.marker === undefined ? 0 : 1,
      voltage: typeof probe.voltageV === 'number' ? 'given' : 'measured',
      source: options.source,
    },
    gone: () => gone,
    async start() {
      samples = [];
    },
    async stop() {
      const notes = parser.strangeLines > 0 ? [`${parser.strangeLines} lines were not understood`] : [];
      return { ...traceOf(name, samples, options, notes), ...(gone !== undefined && { brokenOff: gone }) };
    },
    close: () => link.close(),
  };
}

/** meter.broken where the samples make no trace. */
export function traceOf(
  name: string,
  samples: readonly LineSample[],
  options: LineMeterOptions,
  notes: string[],
): Trace {
  const builder = new TraceBuilder();
  try {
    const { rateHz, voltages } = evenSamples(samples, builder);
    const voltageV = voltages ?? (options.millivolt === undefined ? Number.NaN : options.millivolt / 1000);
    if (typeof voltageV === 'number' && Number.isNaN(voltageV))
      throw new RangeError('it has no voltage; give it by --volt');
    return builder.build(
      { meter: name, source: options.source, rateHz, voltageV, notes },
      options.columns.marker !== undefined,
    );
  } catch (error) {
    if (error instanceof RangeError) return fail('meter.broken', { meter: name, reason: error.message });
    throw error;
  }
}
