// SPDX-License-Identifier: Apache-2.0
// Every kind of meter that `--energy KIND:PLACE` names: a row says how its place is opened and what it needs to be told.
import { fail } from '../cli/errors.js';
import { openLink } from '../link/openLink.js';
import { openTcpLink, parseTcpAddress } from '../link/tcpLink.js';
import { type ColumnMap, usualColumns } from './lineMeter.js';
import { openLineMeter } from './lineMeterLink.js';
import { lpmBaud, openLpm01a } from './lpm01a.js';
import type { Meter } from './meter.js';
import { openOtii } from './otii.js';
import { openPpk2 } from './ppk2.js';

export interface MeterSettings {
  /** Supplied to the board by meters that supply it; given where it is not measured. */
  millivolt: number;
  /** The board has its own supply and the meter sits in it (PPK2). */
  ampere: boolean;
  columns?: ColumnMap;
}

interface MeterRow {
  /** For --help and messages. */
  place: string;
  text: string;
  open(place: string, settings: MeterSettings): Promise<Meter>;
}

/** A PPK2 ignores its baud; 115200 is what every system's driver takes. */
const usbBaud = 115_200;
/** Where the Otii application listens (qoitech/otii-tcp-client-python). */
const otiiPort = 1905;

const measured = { source: 'measured' } as const;

export const meters: Record<string, MeterRow> = {
  ppk2: {
    place: 'PORT',
    text: 'Nordic Power Profiler Kit II',
    open: async (port, { millivolt, ampere }) =>
      openPpk2(await openLink(port, { baud: usbBaud }), { mode: ampere ? 'ampere' : 'source', millivolt, ...measured }),
  },
  lpm01a: {
    place: 'PORT',
    text: 'ST X-NUCLEO-LPM01A',
    open: async (port, { millivolt }) =>
      openLpm01a(await openLink(port, { baud: lpmBaud }), { millivolt, ...measured }),
  },
  otii: {
    place: 'HOST[:PORT]',
    text: 'Qoitech Otii Arc or Ace, through its application',
    open: async (address, { millivolt }) => {
      const place = /:\d+$/.test(address) ? address : `${address || '127.0.0.1'}:${otiiPort}`;
      const { MOTE_OTII_USER: user, MOTE_OTII_PASSWORD: password } = process.env;
      const account = user && password ? { account: { user, password } } : {};
      return openOtii(await openTcpLink(parseTcpAddress(`tcp:${place}`)), { millivolt, ...account, ...measured });
    },
  },
  line: {
    place: 'PORT',
    text: 'lines of CSV or JSON: an INA219 or INA228 behind any microcontroller',
    open: async (port, { millivolt, columns = usualColumns }) =>
      openLineMeter(await openLink(port, { baud: usbBaud }), { columns, millivolt, ...measured }),
  },
};

/** What `--energy` names: a meter, a recorded trace, or a meter in this process. */
export interface MeterPlace {
  kind: keyof typeof meters | 'replay' | 'emulated';
  place: string;
}

/** All forms of `--energy`, for --help and messages. */
export const meterForms: readonly string[] = [
  ...Object.entries(meters).map(([name, row]) => `${name}:${row.place}`),
  'replay:FILE',
  'emulated:ppk2',
];

export function parseMeter(text: string): MeterPlace {
  const at = text.indexOf(':');
  const kind = at < 0 ? text : text.slice(0, at);
  const place = at < 0 ? '' : text.slice(at + 1);
  if (Object.hasOwn(meters, kind) && (place !== '' || kind === 'otii')) return { kind, place };
  if (kind === 'replay' && place !== '') return { kind, place };
  if (kind === 'emulated' && place === 'ppk2') return { kind, place };
  const forms = `${meterForms.slice(0, -1).join(', ')} or ${meterForms.at(-1)}`;
  return fail('usage.option', { option: 'energy', expected: forms, got: text });
}
