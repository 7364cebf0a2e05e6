// SPDX-License-Identifier: Apache-2.0
// Test only: an emulated board on a pseudo-terminal, for programs that want a serial port.
import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import type { Link } from '../../src/link/link.js';

export interface PtyBridge {
  path: string;
  close(): Promise<void>;
}

/** `path`: where the pseudo-terminal is to appear. Needs socat. */
export async function bridgeToPty(board: Link, path: string): Promise<PtyBridge> {
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    board.onData((bytes) => void socket.write(bytes));
    socket.on('data', (bytes) => void board.write(Uint8Array.from(bytes)));
    socket.on('error', () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const socat = spawn('socat', [`PTY,link=${path},raw,echo=0`, `TCP:127.0.0.1:${port},nodelay`], { stdio: 'ignore' });
  for (let i = 0; i < 200 && !existsSync(path); i++) await new Promise((resolve) => setTimeout(resolve, 25));
  return { path, close: () => closeAll(socat, () => server.close()) };
}

async function closeAll(child: ChildProcess, then: () => void): Promise<void> {
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill();
  await gone;
  then();
}
