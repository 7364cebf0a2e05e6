// SPDX-License-Identifier: Apache-2.0
// What a --port argument names: `tcp:HOST:PORT`, else a serial port of the operating system.
import type { Link } from './link.js';
import { openSerialLink, type SerialFormat } from './serialLink.js';
import { openTcpLink, parseTcpAddress } from './tcpLink.js';

export async function openLink(port: string, format: SerialFormat): Promise<Link> {
  return port.startsWith('tcp:') ? openTcpLink(parseTcpAddress(port)) : openSerialLink(port, format);
}
