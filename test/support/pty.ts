// SPDX-License-Identifier: Apache-2.0
// A pseudo terminal in front of an emulated board's TCP port, by socat, for programs that only know serial ports.
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { endProcess } from '../../src/link/processLink.js';

export interface Pty {
  path: string;
  close(): Promise<void>;
}

/** A minute: a busy machine starts socat late. */
const mostTries = 3000;
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export async function openPty(folder: string, tcpPort: number): Promise<Pty> {
  const path = join(folder, `pty-${tcpPort}`);
  const socat = spawn('socat', [`PTY,link=${path},raw,echo=0`, `TCP:127.0.0.1:${tcpPort},nodelay`], {
    stdio: 'ignore',
  });
  const held = await hold(path, socat);
  return {
    path,
    close: async () => {
      await held.close();
      await endProcess(socat);
    },
  };
}

/** socat ends when nobody has the terminal open any more; this handle outlives the programs that come and go. */
async function hold(path: string, socat: ChildProcess): Promise<FileHandle> {
  let gone: Error | undefined;
  socat.once('error', (error) => {
    gone = error;
  });
  for (let n = 0; n < mostTries && !gone && socat.exitCode === null; n++) {
    const handle = await open(path, constants.O_RDWR | constants.O_NOCTTY).catch(() => undefined);
    if (handle) return handle;
    await sleep(20);
  }
  throw gone ?? new Error(`socat made no ${path} (it ended with ${socat.exitCode})`);
}
