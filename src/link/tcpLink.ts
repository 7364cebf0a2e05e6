// SPDX-License-Identifier: Apache-2.0
// A Link over TCP: an emulator's serial port or a network serial server in raw mode.
import { connect, type Socket } from 'node:net';
import { fail, MoteError } from '../cli/errors.js';
import type { Link } from './link.js';
import { streamLink } from './streamLink.js';

export interface TcpAddress {
  host: string;
  port: number;
}

const CONNECT_TIMEOUT_MS = 5000;

/** `HOST:PORT`; an IPv6 host may stand in brackets. `whole` and `form` are for the message. */
export function parseAddress(text: string, whole: string, form: string): TcpAddress {
  const match = /^(\[[0-9a-fA-F:.%]+\]|[^:[\]/]+):(\d{1,5})$/.exec(text);
  const port = match ? Number(match[2]) : 0;
  if (!match || port < 1 || port > 65535) return fail('device.open', { port: whole, reason: `it should read ${form}` });
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

/** `tcp:HOST:PORT`. */
export function parseTcpAddress(text: string): TcpAddress {
  return parseAddress(text.slice('tcp:'.length), text, 'tcp:HOST:PORT');
}

export async function openTcpLink(address: TcpAddress): Promise<Link> {
  const { host, port } = address;
  const name = `tcp:${host.includes(':') ? `[${host}]` : host}:${port}`;
  const socket = await connectTcp(address, name);
  return streamLink({ name, readable: socket, writable: socket, close: async () => void socket.destroy() });
}

/** A connected socket, or device.open. */
export function connectTcp({ host, port }: TcpAddress, name: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: CONNECT_TIMEOUT_MS });
    const refuse = (reason: string) => {
      socket.destroy();
      reject(new MoteError('device.open', { port: name, reason }));
    };
    const onError = (error: Error) => refuse(error.message || 'the connection was refused');
    socket.once('timeout', () => refuse(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`));
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', onError);
      resolve(socket);
    });
  });
}
