// SPDX-License-Identifier: Apache-2.0
// A Link over a child process: its stdin and stdout are the wire.
import type { ChildProcess } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import { Inbox } from './inbox.js';
import { bytesOnly, type Link } from './link.js';

/** `describeEnd` puts the end of the process into words for onClose. */
export function processLink(
  name: string,
  child: ChildProcess & { stdin: Writable; stdout: Readable },
  describeEnd: (status: number | null, signal: NodeJS.Signals | null) => string,
): Link {
  const inbox = new Inbox();
  child.stdout.on('data', (bytes: Buffer) => inbox.data(bytes));
  child.stdin.on('error', () => undefined); // EPIPE: the child ended, and `close` says how
  child.on('close', (status, signal) => inbox.close(describeEnd(status, signal)));
  return {
    name,
    can: bytesOnly,
    // The callback's error is the child's end, which onClose reports in better words.
    write: (bytes) => new Promise((resolve) => void child.stdin.write(bytes, () => resolve())),
    onData: (listener) => inbox.onData(listener),
    onClose: (listener) => inbox.onClose(listener),
    close: () => endProcess(child),
  };
}

/** Ends the child and waits for it, so that nothing outlives the link. */
export function endProcess(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) return resolve();
    child.once('exit', () => resolve());
    child.kill('SIGKILL');
  });
}
