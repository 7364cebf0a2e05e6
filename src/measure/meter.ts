// SPDX-License-Identifier: Apache-2.0
// A power meter as a thing that can be opened: one file for each kind, one row for each in meters.ts.
import type { Trace } from './trace.js';

export interface MeterInfo {
  /** For messages: `PPK2 (HW 9, source 3300 mV)`. */
  name: string;
  rateHz: number;
  /** Digital inputs; 0 where the meter has none and windows must be found in the current. */
  digitalInputs: number;
  /** Where the voltage comes from: the meter supplies it, measures it, or the user said it. */
  voltage: 'set' | 'measured' | 'given';
  source: 'measured' | 'emulated';
}

export interface Meter {
  readonly info: MeterInfo;
  /** Samples are kept from here on. */
  start(): Promise<void>;
  /** Why the meter is no longer there. */
  gone(): string | undefined;
  /** Ends the recording. Where the meter went away, the trace says so (`brokenOff`) and holds what came before. */
  stop(): Promise<Trace>;
  /** Leaves the meter as it was found: recording off; the board's supply as it is. */
  close(): Promise<void>;
}
