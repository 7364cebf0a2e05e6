// SPDX-License-Identifier: Apache-2.0
// What a --port argument names: `tcp:HOST:PORT`, `rfc2217://HOST:PORT`, else a serial port of the operating system.
import type { Link } from './link.js';
import { isRfc2217, openRfc2217Link } from './rfc2217Link.js';
import { openSerialLink, type SerialFormat } from './serialLink.js';
import { openTcpLink, parseTcpAddress } from './tcpLink.js';

export async function openLink(port: string, format: SerialFormat): Promise<Link> {
  if (isRfc2217(port)) return openRfc2217Link(port, format);
  return port.startsWith('tcp:') ? openTcpLink(parseTcpAddress(port)) : openSerialLink(port, format);
}
