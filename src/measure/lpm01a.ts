// SPDX-License-Identifier: Apache-2.0
// ST X-NUCLEO-LPM01A (PowerShield) over its USB serial port: command lines, `ack CMD` or `error CMD` (UM2269).
import { fail } from '../cli/errors.js';
import { ByteReader, LinkClosed, ReadTimeout } from '../link/byteReader.js';
import type { Link } from '../link/link.js';
import { LpmText } from './lpm01aText.js';
import type { Meter } from './meter.js';

export interface LpmOptions {
  /** The meter supplies 1800 to 3300 mV. */
  millivolt: number;
  rateHz?: number;
  source: 'measured' | 'emulated';
}

export const lpmBaud = 3_686_400;
/** The rates that it prints without end in ascii_dec (UM2269, `freq`). */
const rates: ReadonlyMap<number, string> = new Map([
  [5000, '5k'],
  [2000, '2k'],
  [1000, '1k'],
  [500, '500'],
  [200, '200'],
  [100, '100'],
]);
const answerTimeoutMs = 3000;
const settleMs = 1000;
const newline = 0x0a;
const mostLines = 100;

export async function openLpm01a(link: Link, options: LpmOptions): Promise<Meter> {
  const { millivolt, rateHz = 5000, source } = options;
  const rate = rates.get(rateHz);
  if (rate === undefined)
    return fail('usage.option', {
      option: 'energy',
      expected: `a rate of ${[...rates.keys()].join(', ')} Hz`,
      got: String(rateHz),
    });
  if (!(millivolt >= 1800 && millivolt <= 3300))
    return fail('usage.option', {
      option: 'volt',
      expected: '1.8 to 3.3 V for an LPM01A',
      got: String(millivolt / 1000),
    });
  const reader = new ByteReader(link);
  const send = (line: string) => ask(link, reader, line);
  // The order of the MLCommons runner's set-up (power_manager_lpm.py).
  for (const line of [
    'htc',
    'pwr off',
    'acqtime inf',
    'trigdelay 0',
    'trigsrc sw',
    'eventsrc d7 fal',
    'output current',
    'format ascii_dec',
    `freq ${rate}`,
    `volt ${millivolt}m`,
    'pwr on nostatus',
  ])
    await send(line);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  return lpmMeter(link, { millivolt, rateHz, source });
}

/** Waits for `ack` or `error` of this command; a prompt, banners and status lines in between are passed over. */
async function ask(link: Link, reader: ByteReader, line: string): Promise<void> {
  await link.write(Buffer.from(`${line}\r\n`, 'latin1'));
  const word = line.split(' ')[0];
  try {
    for (let i = 0; i < mostLines; i++) {
      const bytes = await reader.takeThrough(newline, answerTimeoutMs, 4096);
      const text = Buffer.from(bytes)
        .toString('latin1')
        .trim()
        .replace(/^PowerShield\s*>\s*/i, '');
      if (text.startsWith(`ack ${word}`)) return;
      if (text.startsWith(`error ${word}`)) {
        const detail = Buffer.from(await reader.takeThrough(newline, answerTimeoutMs, 4096))
          .toString('latin1')
          .trim();
        return fail('meter.broken', { meter: 'LPM01A', reason: `it refused '${line}': ${detail}` });
      }
    }
  } catch (error) {
    if (!(error instanceof LinkClosed) && !(error instanceof ReadTimeout)) throw error;
    return fail('meter.silent', { meter: `LPM01A at ${link.name}`, reason: `'${line}': ${error.message}` });
  }
  return fail('meter.silent', { meter: `LPM01A at ${link.name}`, reason: `'${line}' was not acknowledged` });
}

function lpmMeter(link: Link, options: Required<LpmOptions>): Meter {
  const { millivolt, rateHz, source } = options;
  const name = `LPM01A (${millivolt} mV, ${rateHz} Hz)`;
  let text: LpmText | undefined;
  let gone: string | undefined;
  const line = (words: string) => link.write(Buffer.from(`${words}\r\n`, 'latin1'));
  return {
    info: { name, rateHz, digitalInputs: 1, voltage: 'set', source },
    gone: () => gone,
    async start() {
      text = new LpmText(rateHz);
      link.onClose((reason) => {
        gone = reason;
      });
      link.onData((bytes) => text?.take(bytes));
      await line('start');
    },
    async stop() {
      const recorded = text;
      if (!recorded) throw new Error('the recording was not started');
      if (gone === undefined) await line('stop');
      await until(() => recorded.completed || gone !== undefined, answerTimeoutMs);
      text = undefined;
      if (recorded.refused !== undefined && recorded.trace.count === 0)
        return fail('meter.broken', { meter: 'LPM01A', reason: `it refused '${recorded.refused.slice(0, 80)}'` });
      const notes = recorded.strangeLines > 0 ? [`${recorded.strangeLines} lines were not understood`] : [];
      const about = { meter: name, source, rateHz, voltageV: millivolt / 1000, notes };
      return { ...recorded.trace.build(about, true), ...(gone !== undefined && { brokenOff: gone }) };
    },
    async close() {
      if (gone === undefined) await line('hrc');
      await link.close();
    },
  };
}

async function until(done: () => boolean, timeoutMs: number): Promise<void> {
  for (const deadline = performance.now() + timeoutMs; !done() && performance.now() < deadline; )
    await new Promise((resolve) => setTimeout(resolve, 10));
}
