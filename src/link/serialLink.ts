// SPDX-License-Identifier: Apache-2.0
// A Link over a serial port. The serialport package (with its native binding) is loaded only here, when it is needed.
import { fail } from '../cli/errors.js';
import type { Link } from './link.js';
import { streamLink } from './streamLink.js';

export async function openSerialLink(path: string, baud: number): Promise<Link> {
  const { SerialPort } = await import('serialport').catch((error: Error) =>
    fail('device.open', { port: path, reason: `the serialport package does not load here (${error.message})` }),
  );
  const port = new SerialPort({ path, baudRate: baud, autoOpen: false, lock: true });
  await new Promise<void>((resolve, reject) => port.open((error) => (error ? reject(error) : resolve()))).catch(
    (error: Error) => fail('device.open', { port: path, reason: plainReason(error.message) }),
  );
  const link = streamLink({
    name: path,
    readable: port,
    writable: port,
    close: () => new Promise<void>((resolve) => (port.isOpen ? port.close(() => resolve()) : resolve())),
  });
  // A write ends when the last byte is on the wire, so that timeouts start there.
  return { ...link, write: (bytes) => link.write(bytes).then(() => drained(port)) };
}

function drained(port: { drain(done: (error: Error | null | undefined) => void): void }): Promise<void> {
  return new Promise((resolve, reject) => port.drain((error) => (error ? reject(error) : resolve())));
}

/** `Error: Permission denied, cannot open /dev/ttyACM0` as the operating system says it, with what to do. */
function plainReason(message: string): string {
  const text = message.replace(/^Error:\s*/i, '').replace(/,? cannot open .*$/i, '');
  if (/permission denied|access denied/i.test(text)) return `${text} (is your user in the group that owns it?)`;
  if (/lock|resource temporarily unavailable|busy/i.test(text)) return `${text} (another program has it open)`;
  return text;
}
