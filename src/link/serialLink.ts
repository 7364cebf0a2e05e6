// SPDX-License-Identifier: Apache-2.0
// A Link over a serial port. The serialport package (with its native binding) is loaded only here, when it is needed.
import type { SerialPort } from 'serialport';
import { fail } from '../cli/errors.js';
import { Inbox } from './inbox.js';
import type { Link, ModemLines, Parity } from './link.js';

export interface SerialFormat {
  baud: number;
  parity?: Parity;
}

export async function openSerialLink(path: string, format: SerialFormat): Promise<Link> {
  const inbox = new Inbox();
  const first = await openPort(path, format, inbox).catch((error: Error) =>
    fail('device.open', { port: path, reason: plainReason(error.message) }),
  );
  const lines = await hasLines(first);
  const state: State = { path, inbox, port: first, parity: format.parity ?? 'none', lines: undefined };
  return {
    name: path,
    can: { lines, baud: true, parity: true },
    // A write ends when the last byte is on the wire, so that timeouts start there.
    write: async (bytes) => {
      const { port } = state;
      if (!port.isOpen) throw new Error(inbox.closed ?? 'the port is closed');
      await done((end) => port.write(bytes, (error) => end(error)));
      await done((end) => port.drain(end));
    },
    onData: (listener) => inbox.onData(listener),
    onClose: (listener) => inbox.onClose(listener),
    ...(lines && {
      setLines: async (wanted: ModemLines) => {
        await setLines(state.port, wanted);
        state.lines = wanted;
      },
    }),
    setFormat: (wanted) => setFormat(state, wanted),
    close: () => closePort(state.port),
  };
}

interface State {
  path: string;
  inbox: Inbox;
  port: SerialPort;
  parity: Parity;
  /** As they were last set; undefined: as opening left them. */
  lines: ModemLines | undefined;
}

async function openPort(path: string, { baud, parity = 'none' }: SerialFormat, inbox: Inbox): Promise<SerialPort> {
  const serialport = await import('serialport').catch((error: Error) => {
    throw new Error(`the serialport package does not load here (${error.message})`);
  });
  // hupcl would drop DTR on close, which resets an ESP32 or an Arduino between flashing and running.
  const port = new serialport.SerialPort({ path, baudRate: baud, parity, autoOpen: false, lock: true, hupcl: false });
  await done((end) => port.open(end));
  port.on('data', (bytes: Buffer) => inbox.data(bytes));
  port.on('error', (error) => inbox.close(error.message));
  port.on('close', () => inbox.close('the connection was closed'));
  return port;
}

function closePort(port: SerialPort): Promise<void> {
  return new Promise((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve()));
}

/**
 * serialport changes only the baud rate of an open port (`update`, 13.0), so another parity opens it anew: what has come
 * by then is kept, and the lines get the state back that opening takes from them (Linux asserts both).
 */
async function setFormat(state: State, { baud, parity = state.parity }: SerialFormat): Promise<void> {
  if (parity === state.parity) return done((end) => state.port.update({ baudRate: baud }, end));
  const { port, path, inbox, lines } = state;
  for (const event of ['error', 'close'] as const) port.removeAllListeners(event);
  port.on('error', () => undefined);
  await closePort(port);
  try {
    state.port = await openPort(path, { baud, parity }, inbox);
    state.parity = parity;
    if (lines) await setLines(state.port, lines);
  } catch (error) {
    inbox.close(plainReason((error as Error).message));
    throw error;
  }
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
