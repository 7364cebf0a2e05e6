// SPDX-License-Identifier: Apache-2.0
// An emulated board of this process behind a TCP port, for other processes.
import { type AddressInfo, createServer } from 'node:net';
import type { Link } from '../../src/link/link.js';

export interface ServedLink {
  tcpPort: number;
  /** Done when somebody is there: what a program sends through socat before that is late. */
  connected: Promise<void>;
  close(): Promise<void>;
}

export async function serveLink(board: Link): Promise<ServedLink> {
  let connect: () => void = () => undefined;
  const connected = new Promise<void>((resolve) => {
    connect = resolve;
  });
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    board.onData((bytes) => void socket.write(bytes));
    socket.on('data', (bytes) => void board.write(Uint8Array.from(bytes)));
    socket.on('error', () => socket.destroy());
    connect();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { tcpPort: port, connected, close: () => new Promise((resolve) => server.close(() => resolve())) };
}
