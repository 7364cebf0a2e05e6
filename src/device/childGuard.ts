// SPDX-License-Identifier: Apache-2.0
// Sees to it that an emulator does not outlive this process, however that ends (but for SIGKILL).
import type { ChildProcess } from 'node:child_process';

const signals: NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

export function guardChild(child: ChildProcess): void {
  const kill = () => void child.kill('SIGKILL');
  const onSignal = (signal: NodeJS.Signals) => {
    kill();
    release();
    // Without another listener the signal would have ended this process, so let it.
    if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
  };
  const release = () => {
    process.off('exit', kill);
    for (const signal of signals) process.off(signal, onSignal);
  };
  process.on('exit', kill);
  for (const signal of signals) process.on(signal, onSignal);
  child.once('exit', release);
  child.once('error', release);
}
