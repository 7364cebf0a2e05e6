// SPDX-License-Identifier: Apache-2.0
// The one place that starts programs: argument arrays only, never a shell; -v shows each command.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { debuglog } from 'node:util';

const log = debuglog('mote:exec');

export interface ExecResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Runs a program to its end. Rejects only when it cannot be started. */
export function exec(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv; timeoutMs?: number } = {},
): Promise<ExecResult> {
  log('%s %s', program, args.join(' '));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      windowsHide: true,
    });
    // Not spawn's own timeout: its timer outlives a program that could not be started.
    const timer =
      options.timeoutMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout.on('data', (b: Buffer) => out.push(b));
    child.stderr.on('data', (b: Buffer) => err.push(b));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({
        status: code ?? 128,
        stdout: Buffer.concat(out).toString('utf8'),
        stderr: Buffer.concat(err).toString('utf8') + (signal ? `\nended by ${signal}` : ''),
      });
    });
  });
}

/** Runs a program, tells each line of its output as it comes, and hands an interrupt on to it. */
export function execLines(
  program: string,
  args: readonly string[],
  options: { cwd: string; timeoutMs: number; signal?: AbortSignal; onLine: (line: string) => void },
): Promise<number> {
  log('%s %s', program, args.join(' '));
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { cwd: options.cwd, stdio: ['ignore', 'pipe', 'pipe'], windowsHide: true });
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs);
    const interrupt = () => child.kill('SIGINT');
    options.signal?.addEventListener('abort', interrupt, { once: true });
    // Bars are drawn with \r; of a line that never ends only the last part is kept.
    for (const stream of [child.stdout, child.stderr]) {
      let rest = '';
      stream.on('data', (bytes: Buffer) => {
        const lines = (rest + bytes.toString('utf8')).split(/[\r\n]+/);
        rest = (lines.pop() ?? '').slice(-4096);
        for (const line of lines) if (line.trim() !== '') options.onLine(line.trim());
      });
      stream.on('end', () => {
        if (rest.trim() !== '') options.onLine(rest.trim());
      });
    }
    const end = () => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', interrupt);
    };
    child.on('error', (error) => {
      end();
      reject(error);
    });
    child.on('close', (code) => {
      end();
      resolve(code ?? 128);
    });
  });
}

/** Full path of a program on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  const endings = process.platform === 'win32' ? ['.exe', '.cmd', ''] : [''];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    for (const ending of endings) {
      const path = join(folder, name + ending);
      if (folder && existsSync(path)) return path;
    }
  }
  return undefined;
}
