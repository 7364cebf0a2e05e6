// SPDX-License-Identifier: Apache-2.0
// A Link over TCP: an emulator's serial port or a network serial server in raw mode.
import { connect } from 'node:net';
import { fail } from '../cli/errors.js';
import type { Link } from './link.js';
import { streamLink } from './streamLink.js';

export interface TcpAddress {
  host: string;
  port: number;
}

const CONNECT_TIMEOUT_MS = 5000;

/** `tcp:HOST:PORT`; an IPv6 host may stand in brackets. */
export function parseTcpAddress(text: string): TcpAddress {
  const match = /^tcp:(\[[0-9a-fA-F:.%]+\]|[^:[\]]+):(\d{1,5})$/.exec(text);
  const port = match ? Number(match[2]) : 0;
  if (!match || port < 1 || port > 65535)
    return fail('device.open', { port: text, reason: 'it should read tcp:HOST:PORT' });
  return { host: match[1].replace(/^\[|\]$/g, ''), port };
}

export function openTcpLink({ host, port }: TcpAddress): Promise<Link> {
  const name = `tcp:${host.includes(':') ? `[${host}]` : host}:${port}`;
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true, timeout: CONNECT_TIMEOUT_MS });
    const refuse = (reason: string) => {
      socket.destroy();
      try {
        fail('device.open', { port: name, reason });
      } catch (error) {
        reject(error);
      }
    };
    const onError = (error: Error) => refuse(error.message || 'the connection was refused');
    socket.once('timeout', () => refuse(`no connection within ${CONNECT_TIMEOUT_MS / 1000} s`));
    socket.once('error', onError);
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', onError);
      resolve(streamLink({ name, readable: socket, writable: socket, close: async () => void socket.destroy() }));
    });
  });
}
