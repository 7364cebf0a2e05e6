// SPDX-License-Identifier: Apache-2.0
// A socket as the far end of a link, for emulated instruments that are written for one.
import type { Socket } from 'node:net';
import type { FarEnd } from '../../src/link/memoryLink.js';

export const farOf = (socket: Socket): FarEnd => ({
  send: (bytes) => void socket.write(bytes.slice()),
  onData: (listener) => void socket.on('data', listener),
  onClose: (listener) => void socket.on('close', listener),
  break: () => void socket.destroy(),
});
