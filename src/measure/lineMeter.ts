// SPDX-License-Identifier: Apache-2.0
// A meter that prints lines: an INA219 or INA228 behind any microcontroller. CSV (`t_us,current_A,voltage_V,marker` or as
// a column map says) or JSON lines with the same names.
import type { TraceBuilder } from './trace.js';

/** Which column or JSON field holds what; an index counts from 0. */
export interface ColumnMap {
  timeUs: string | number;
  currentA: string | number;
  /** Absent: the voltage is given by the user. */
  voltageV?: string | number;
  marker?: string | number;
  /** Factor from the column's unit to ampere: 1e-3 for mA. */
  currentScale?: number;
}

export const usualColumns: ColumnMap = {
  timeUs: 't_us',
  currentA: 'current_A',
  voltageV: 'voltage_V',
  marker: 'marker',
};

export interface LineSample {
  timeUs: number;
  currentA: number;
  voltageV: number | undefined;
  marker: number;
}

/** Turns lines into samples; the first CSV line may name the columns. */
export class LineParser {
  readonly #map: ColumnMap;
  #names: string[] | undefined;
  strangeLines = 0;

  constructor(map: ColumnMap) {
    this.#map = map;
  }

  parse(line: string): LineSample | undefined {
    const text = line.trim();
    if (text === '' || text.startsWith('#')) return undefined;
    const field = text.startsWith('{') ? jsonFields(text) : this.#csvFields(text);
    if (field === 'header') return undefined;
    const { timeUs, currentA, voltageV, marker, currentScale = 1 } = this.#map;
    const sample = {
      timeUs: field?.(timeUs) ?? Number.NaN,
      currentA: (field?.(currentA) ?? Number.NaN) * currentScale,
      voltageV: voltageV === undefined ? undefined : field?.(voltageV),
      marker: marker === undefined ? 0 : (field?.(marker) ?? 0),
    };
    if (Number.isFinite(sample.timeUs) && Number.isFinite(sample.currentA)) return sample;
    this.strangeLines++;
    return undefined;
  }

  #csvFields(text: string): ((name: string | number) => number | undefined) | 'header' {
    const cells = text.split(/[,;\t]/).map((cell) => cell.trim());
    if (this.#names === undefined) {
      const isHeader = cells.some((cell) => cell !== '' && !Number.isFinite(Number(cell)));
      // Without a header the columns come in the usual order.
      this.#names = isHeader ? cells : ['t_us', 'current_A', 'voltage_V', 'marker'];
      if (isHeader) return 'header';
    }
    const names = this.#names;
    return (name) => numberOf(cells[typeof name === 'number' ? name : names.indexOf(name)]);
  }
}

function jsonFields(text: string): ((name: string | number) => number | undefined) | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return (name) =>
      typeof value === 'object' && value !== null && Object.hasOwn(value, name)
        ? numberOf((value as Record<string | number, unknown>)[name])
        : undefined;
  } catch {
    return undefined;
  }
}

function numberOf(cell: unknown): number | undefined {
  if (typeof cell === 'boolean') return cell ? 1 : 0;
  if (typeof cell !== 'number' && (typeof cell !== 'string' || cell === '')) return undefined;
  const value = Number(cell);
  return Number.isFinite(value) ? value : undefined;
}

/** More than this many intervals without a sample is no gap but another time base. */
const mostMissing = 1e6;

/**
 * Samples whose times are not quite even become a trace of their usual interval: a sample goes to the nearest place on that
 * grid, places that none falls on are lost. Throws a RangeError with the reason where times do not go forward.
 */
export function evenSamples(
  samples: readonly LineSample[],
  into: TraceBuilder,
): { rateHz: number; voltages: Float32Array | undefined } {
  const steps = samples.slice(1).map((s, i) => s.timeUs - samples[i].timeUs);
  if (steps.length < 2) throw new RangeError('fewer than three samples');
  if (steps.some((step) => step <= 0)) throw new RangeError('its times do not go forward');
  const usual = [...steps].sort((a, b) => a - b)[steps.length >> 1];
  const regular = steps.filter((step) => step < 1.5 * usual);
  const intervalUs = regular.reduce((a, b) => a + b, 0) / regular.length;
  const voltages: number[] = [];
  for (const sample of samples) {
    const missing = Math.round((sample.timeUs - samples[0].timeUs) / intervalUs) - into.count;
    if (missing > mostMissing) throw new RangeError('its times leap');
    if (missing < -1) throw new RangeError('its samples are not even enough');
    if (missing > 0) {
      into.addLost(missing);
      for (let k = 0; k < missing; k++) voltages.push(sample.voltageV ?? Number.NaN);
    }
    into.add(sample.currentA, sample.marker ? 1 : 0);
    voltages.push(sample.voltageV ?? Number.NaN);
  }
  const measured = samples.every((s) => s.voltageV !== undefined);
  return { rateHz: 1e6 / intervalUs, voltages: measured ? Float32Array.from(voltages) : undefined };
}
