// SPDX-License-Identifier: Apache-2.0
// A Link over a serial port. The serialport package (with its native binding) is loaded only here, when it is needed.
import type { SerialPort } from 'serialport';
import { fail } from '../cli/errors.js';
import type { Link, ModemLines, Parity } from './link.js';
import { streamLink } from './streamLink.js';

export interface SerialFormat {
  baud: number;
  parity?: Parity;
}

export async function openSerialLink(path: string, format: SerialFormat): Promise<Link> {
  const serialport = await import('serialport').catch((error: Error) =>
    fail('device.open', { port: path, reason: `the serialport package does not load here (${error.message})` }),
  );
  const { baud, parity = 'none' } = format;
  // hupcl would drop DTR on close, which resets an ESP32 or an Arduino between flashing and running.
  const port = new serialport.SerialPort({ path, baudRate: baud, parity, autoOpen: false, lock: true, hupcl: false });
  await done((end) => port.open(end)).catch((error: Error) =>
    fail('device.open', { port: path, reason: plainReason(error.message) }),
  );
  const link = streamLink({
    name: path,
    readable: port,
    writable: port,
    close: () => new Promise<void>((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())),
  });
  const lines = await hasLines(port);
  return {
    ...link,
    can: { lines, baud: true, parity: false },
    // A write ends when the last byte is on the wire, so that timeouts start there.
    write: (bytes) => link.write(bytes).then(() => done((end) => port.drain(end))),
    ...(lines && { setLines: (wanted: ModemLines) => setLines(port, wanted) }),
    setFormat: ({ baud: baudRate }) => done((end) => port.update({ baudRate }, end)),
  };
}

function done(start: (end: (error?: Error | null) => void) => void): Promise<void> {
  return new Promise((resolve, reject) => start((error) => (error ? reject(error) : resolve())));
}

/** A pseudo terminal has no modem lines: the system refuses the question. */
function hasLines(port: SerialPort): Promise<boolean> {
  return new Promise((resolve) => port.get((error) => resolve(!error)));
}

/** Every line is named: serialport's `set` asserts DTR and RTS where they are left out (@serialport/stream 13). */
function setLines(port: SerialPort, { dtr, rts }: ModemLines): Promise<void> {
  return done((end) => port.set({ dtr, rts, brk: false, cts: false, dsr: false }, end));
}

/** `Error: Permission denied, cannot open /dev/ttyACM0` as the operating system says it, with what to do. */
function plainReason(message: string): string {
  const text = message.replace(/^Error:\s*/i, '').replace(/,? cannot open .*$/i, '');
  if (/permission denied|access denied/i.test(text)) return `${text} (is your user in the group that owns it?)`;
  if (/lock|resource temporarily unavailable|busy/i.test(text)) return `${text} (another program has it open)`;
  return text;
}
