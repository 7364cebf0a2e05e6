// SPDX-License-Identifier: Apache-2.0
// Any microcontroller with a current sensor that prints lines (CSV or JSON), at the far end of a link; written from the
// description of the format, not from our driver.
import type { FarEnd } from '../../link/memoryLink.js';
import type { Scene } from '../emulated/scene.js';

export interface LineMeterEmulatorOptions {
  scene: Scene;
  rateHz: number;
  /** Place of the scene's first sample in the meter's time; the header comes before the first of all. */
  firstSample?: number;
  volts: number;
  format: 'csv' | 'json';
  /** Names of the columns, as the header or the keys say them. */
  columns?: { time: string; current: string; voltage: string; marker: string };
  /** How far a line's time may be off its place, as a share of the interval. */
  jitter?: (sample: number) => number;
  lose?: { at: number; count: number }[];
  /** Text thrown in before this sample. */
  hostile?: { at: number; text: string }[];
  pieces?: number[];
  unplugAfter?: number;
}

const usualColumns = { time: 't_us', current: 'current_A', voltage: 'voltage_V', marker: 'marker' };

/** Prints the whole scene at once; such meters need no command. */
export function playLines(far: FarEnd, options: LineMeterEmulatorOptions): void {
  const { scene, hostile = [], lose = [], pieces = [300], unplugAfter = Number.POSITIVE_INFINITY } = options;
  const columns = options.columns ?? usualColumns;
  let text = '';
  if (options.format === 'csv' && !options.firstSample) text += `${Object.values(columns).join(',')}\n`;
  for (let i = 0; i < Math.min(scene.count(), unplugAfter); i++) {
    for (const { at, text: thrown } of hostile) if (at === i) text += thrown;
    if (!lose.some((gap) => i >= gap.at && i < gap.at + gap.count)) text += `${lineOf(options, columns, i)}\n`;
  }
  for (let at = 0, piece = 0; at < text.length; piece++) {
    const size = pieces[piece % pieces.length];
    far.send(Buffer.from(text.slice(at, at + size), 'latin1'));
    at += size;
  }
  if (unplugAfter < scene.count()) far.break('unplugged');
}

function lineOf(options: LineMeterEmulatorOptions, columns: typeof usualColumns, sample: number): string {
  const { amps, high } = options.scene.at(sample);
  const micros =
    Math.round((((options.firstSample ?? 0) + sample + (options.jitter?.(sample) ?? 0)) * 1e6) / options.rateHz) +
    1_000_000;
  const [current, voltage, marker] = [amps.toFixed(7), options.volts.toFixed(4), high ? 1 : 0];
  if (options.format === 'csv') return [micros, current, voltage, marker].join(',');
  return JSON.stringify({
    [columns.time]: micros,
    [columns.current]: Number(current),
    [columns.voltage]: Number(voltage),
    [columns.marker]: marker,
  });
}
