// SPDX-License-Identifier: Apache-2.0
// A Link over Node streams: what a socket, a child process and a serial port have in common.
import type { Readable, Writable } from 'node:stream';
import { Inbox } from './inbox.js';
import { bytesOnly, type Link } from './link.js';

export interface StreamEnds {
  name: string;
  readable: Readable;
  writable: Writable;
  /** Closes the thing behind the streams. */
  close(): Promise<void>;
}

export function streamLink(ends: StreamEnds): Link {
  const inbox = new Inbox();
  ends.readable.on('data', (bytes: Buffer) => inbox.data(bytes));
  for (const stream of new Set<Readable | Writable>([ends.readable, ends.writable])) {
    stream.on('error', (error) => inbox.close(error.message));
    stream.on('close', () => inbox.close('the connection was closed'));
  }
  return {
    name: ends.name,
    can: bytesOnly,
    write: (bytes) => writeStream(ends.writable, bytes),
    onData: (listener) => inbox.onData(listener),
    onClose: (listener) => inbox.onClose(listener),
    close: () => ends.close(),
  };
}

function writeStream(stream: Writable, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    if (stream.destroyed) reject(new Error('the connection was closed'));
    else stream.write(bytes, (error) => (error ? reject(error) : resolve()));
  });
}
