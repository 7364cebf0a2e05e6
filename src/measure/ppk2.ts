// SPDX-License-Identifier: Apache-2.0
// Nordic Power Profiler Kit II over its USB serial port. Commands are raw bytes without acknowledgement
// (ppk2-api-python, PPK2_Command; pc-nrfconnect-ppk).
import { fail } from '../cli/errors.js';
import { ByteReader } from '../link/byteReader.js';
import type { Link } from '../link/link.js';
import type { Meter } from './meter.js';
import { CalibrationError, type Ppk2Calibration, parseCalibration } from './ppk2Calibration.js';
import { Ppk2Stream, ppk2RateHz } from './ppk2Stream.js';

export interface Ppk2Options {
  /** `source`: the meter supplies the board; `ampere`: it sits in the board's own supply. */
  mode: 'source' | 'ampere';
  /** Supplied in source mode, given in ampere mode: the meter does not measure it. */
  millivolt: number;
  source: 'measured' | 'emulated';
}

const command = { start: 0x06, stop: 0x07, power: 0x0c, voltage: 0x0d, mode: 0x11, metadata: 0x19 } as const;
const modes = { ampere: 1, source: 2 } as const;

const quietMs = 100;
const metadataTimeoutMs = 2000;
const tries = 3;
const newline = 0x0a;
const mostMetadataLines = 200;

export async function openPpk2(link: Link, options: Ppk2Options): Promise<Meter> {
  const reader = new ByteReader(link);
  const calibration = await readCalibration(link, reader);
  const { millivolt } = options;
  await link.write(Uint8Array.of(command.mode, modes[options.mode]));
  if (options.mode === 'source') {
    await link.write(Uint8Array.of(command.voltage, millivolt >> 8, millivolt & 0xff));
  }
  await link.write(Uint8Array.of(command.power, 1));
  return ppk2Meter(link, calibration, options);
}

/** Stale samples of an earlier recording may come first: stop, drain, ask; the last lines are what counts. */
async function readCalibration(link: Link, reader: ByteReader): Promise<Ppk2Calibration> {
  let reason = 'no answer';
  for (let i = 0; i < tries; i++) {
    try {
      await link.write(Uint8Array.of(command.stop));
      await new Promise((resolve) => setTimeout(resolve, quietMs));
      reader.discard();
      await link.write(Uint8Array.of(command.metadata));
      return parseCalibration(await metadataText(reader));
    } catch (error) {
      // A calibration that is wrong stays wrong; silence or noise may pass.
      if (error instanceof CalibrationError)
        return fail('meter.broken', { meter: 'PPK2', reason: `its calibration cannot be used: ${error.message}` });
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  return fail('meter.silent', { meter: `PPK2 at ${link.name}`, reason });
}

async function metadataText(reader: ByteReader): Promise<string> {
  const lines: string[] = [];
  while (lines.length < mostMetadataLines) {
    const line = Buffer.from(await reader.takeThrough(newline, metadataTimeoutMs, 4096))
      .toString('latin1')
      .trim();
    if (line === 'END') return lines.join('\n');
    lines.push(line);
  }
  throw new Error('its metadata does not end');
}

function ppk2Meter(link: Link, calibration: Ppk2Calibration, options: Ppk2Options): Meter {
  const { millivolt, mode, source } = options;
  const volt = millivolt / 1000;
  const name = `PPK2 (HW ${calibration.hardware}, ${mode} ${millivolt} mV)`;
  let stream: Ppk2Stream | undefined;
  let gone: string | undefined;
  link.onClose((reason) => {
    gone = reason;
  });
  link.onData((bytes) => stream?.take(bytes));
  const traceOf = (from: Ppk2Stream) => {
    const notes = ["spike filter as in the maker's software"];
    if (!calibration.calibrated) notes.push('the meter says that it is not calibrated: nominal values');
    if (from.stuckSamples > 0)
      notes.push(`its counter stood still for ${from.stuckSamples} samples: lost samples cannot be told there`);
    if (mode === 'ampere') notes.push(`the voltage was given, not measured: ${millivolt} mV`);
    return from.trace.build({ meter: name, source, rateHz: ppk2RateHz, voltageV: volt, notes }, true);
  };
  return {
    info: { name, rateHz: ppk2RateHz, digitalInputs: 8, voltage: mode === 'source' ? 'set' : 'given', source },
    gone: () => gone,
    async start() {
      stream = new Ppk2Stream(calibration, volt);
      await link.write(Uint8Array.of(command.start));
    },
    async stop() {
      const recorded = stream;
      if (!recorded) throw new Error('the recording was not started');
      if (gone === undefined) {
        await link.write(Uint8Array.of(command.stop));
        await new Promise((resolve) => setTimeout(resolve, quietMs));
      }
      stream = undefined;
      return { ...traceOf(recorded), ...(gone !== undefined && { brokenOff: gone }) };
    },
    async close() {
      if (gone === undefined) await link.write(Uint8Array.of(command.stop));
      await link.close();
    },
  };
}
