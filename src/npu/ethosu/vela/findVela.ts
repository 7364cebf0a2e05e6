// SPDX-License-Identifier: Apache-2.0
// Arm's compiler Vela (PyPI ethos-u-vela, Apache-2.0), a program of its own: where it is, and whether it is the version
// whose streams mote has compared. Another version may write other registers and other metadata.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { exec, findProgram } from '../../../build/exec.js';
import { fail } from '../../../cli/errors.js';
import { packageRoot } from '../../../packageRoot.js';

export const velaVersion = '5.2.0';
export const velaHelp = `pip install ethos-u-vela==${velaVersion} in a virtual environment, then put its vela on PATH or name it by MOTE_VELA`;

/** Where the test set-up installs it (tools/setup.mjs). */
const ownVela = join(packageRoot, 'node_modules', '.cache', 'vela', 'bin', 'vela');
const versionMs = 60_000;

/** MOTE_VELA, then PATH, then what the test set-up installed. */
export function velaPath(): string | undefined {
  const named = process.env.MOTE_VELA;
  if (named) return existsSync(named) ? named : undefined;
  return findProgram('vela') ?? (existsSync(ownVela) ? ownVela : undefined);
}

/** What the program says of itself; empty where it does not start. */
export async function versionOfVela(program: string): Promise<string> {
  const answer = await exec(program, ['--version'], { timeoutMs: versionMs }).catch(() => undefined);
  return answer?.status === 0 ? (/\d+\.\d+[\w.+-]*/.exec(answer.stdout)?.[0] ?? '') : '';
}

/** The program; tool.missing or npu.tool where it cannot be used. */
export async function requireVela(): Promise<string> {
  const program = velaPath() ?? fail('tool.missing', { tool: 'vela', how: velaHelp });
  const got = await versionOfVela(program);
  if (got !== velaVersion)
    fail('npu.tool', { tool: 'vela', path: program, got: got || 'unknown', expected: velaVersion, help: velaHelp });
  return program;
}
