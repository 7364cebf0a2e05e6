// SPDX-License-Identifier: Apache-2.0
// What doctor looks at: compilers, emulators, flash tools of others, and what is in the way of a board.
import { exec, findProgram } from '../build/exec.js';
import { zigPath } from '../build/toolchain.js';
import { listDrives } from '../discover/drives.js';
import type { DeviceRoots } from '../discover/roots.js';
import { listPorts } from '../discover/serialPorts.js';
import { externalTools } from '../flash/externalTools.js';
import { velaHelp, velaPath, velaVersion, versionOfVela } from '../npu/ethosu/vela/findVela.js';
import { MoteError } from './errors.js';

export interface Check {
  group: 'mote' | 'emulators' | 'compilers' | 'flash tools' | 'devices';
  name: string;
  /** missing: optional and not there; broken: something that mote needs; blocked: there and not usable. */
  state: 'ok' | 'missing' | 'broken' | 'blocked';
  detail: string;
  /** What to do, where there is something to do. */
  help?: string;
}

const versionPattern = /\d+\.\d+[\w.+-]*/;
const patienceMs = 10_000;

/** `qemu-system-arm version 7.2.9` -> 7.2.9; some tools say it on stderr, some not at all. */
async function versionOf(program: string, args: readonly string[]): Promise<string> {
  const answer = await exec(program, args, { timeoutMs: patienceMs }).catch(() => undefined);
  return answer ? (versionPattern.exec(answer.stdout + answer.stderr)?.[0] ?? 'of unknown version') : 'does not start';
}

interface Wanted {
  group: Check['group'];
  name: string;
  programs: readonly string[];
  versionArgs: readonly string[];
  help: string;
}

const wanted: readonly Wanted[] = [
  ...(
    [
      ['emulators', 'qemu-system-arm', 'Debian: apt-get install qemu-system-arm; the virtual Cortex-M boards need it'],
      ['emulators', 'qemu-system-riscv32', 'Debian: apt-get install qemu-system-misc; the virtual RV32 boards need it'],
      ['emulators', 'qemu-system-riscv64', 'Debian: apt-get install qemu-system-misc; the virtual RV64 board needs it'],
      ['compilers', 'arm-none-eabi-gcc', 'only for MOTE_TOOLCHAIN=gcc. Debian: apt-get install gcc-arm-none-eabi'],
      [
        'compilers',
        'riscv64-unknown-elf-gcc',
        'only for MOTE_TOOLCHAIN=gcc. Debian: apt-get install gcc-riscv64-unknown-elf',
      ],
    ] as const
  ).map(([group, name, help]) => ({ group, name, programs: [name], versionArgs: ['--version'], help })),
  ...Object.entries(externalTools).map(([name, { programs, versionArgs, from }]) => ({
    group: 'flash tools' as const,
    name,
    programs,
    versionArgs,
    help: `only for boards that are flashed by it: ${from}`,
  })),
];

async function checkTool({ group, name, programs, versionArgs, help }: Wanted): Promise<Check> {
  const program = programs.map(findProgram).find((p) => p !== undefined);
  if (program === undefined) return { group, name, state: 'missing', detail: 'not on PATH', help };
  return { group, name, state: 'ok', detail: `${await versionOf(program, versionArgs)}   ${program}` };
}

/** Optional, but of another version it is refused. */
async function checkVela(): Promise<Check> {
  const row = { group: 'compilers' as const, name: 'vela', help: `only for Ethos-U: ${velaHelp}` };
  const program = velaPath();
  if (program === undefined) return { ...row, state: 'missing', detail: 'not on PATH' };
  const version = await versionOfVela(program);
  return version === velaVersion
    ? { group: row.group, name: row.name, state: 'ok', detail: `${version}   ${program}` }
    : {
        ...row,
        state: 'missing',
        detail: `${version || 'of unknown version'}, mote works with ${velaVersion}   ${program}`,
      };
}

async function checkZig(): Promise<Check> {
  const row = { group: 'mote' as const, name: 'zig cc' };
  try {
    const program = zigPath();
    return { ...row, state: 'ok', detail: await versionOf(program, ['version']) };
  } catch (error) {
    if (!(error instanceof MoteError)) throw error;
    return { ...row, state: 'broken', detail: error.message, help: error.help ?? '' };
  }
}

async function checkSerial(): Promise<Check> {
  const row = { group: 'mote' as const, name: 'serialport' };
  return import('serialport').then(
    () => ({ ...row, state: 'ok' as const, detail: 'loads' }),
    (error: Error) => ({ ...row, state: 'broken' as const, detail: error.message.split('\n')[0], help: 'npm ci' }),
  );
}

async function checkDevices(roots: DeviceRoots): Promise<Check[]> {
  const [ports, drives] = await Promise.all([listPorts(roots), listDrives(roots)]);
  const row = { group: 'devices' as const };
  return [
    ...ports.map(({ path, blocked, note }): Check => {
      if (blocked) return { ...row, name: path, state: 'blocked', detail: blocked.reason, help: blocked.help };
      return { ...row, name: path, state: 'ok', detail: 'may be opened', ...(note !== undefined && { help: note }) };
    }),
    ...drives.map(({ path, blocked }): Check => {
      return { ...row, name: path, state: blocked ? 'blocked' : 'ok', detail: blocked ?? 'may be written' };
    }),
  ];
}

export async function runChecks(roots: DeviceRoots): Promise<Check[]> {
  const node: Check = { group: 'mote', name: 'node', state: 'ok', detail: process.version };
  const rest = await Promise.all([checkZig(), checkSerial(), checkVela(), ...wanted.map(checkTool)]);
  return [node, ...rest, ...(await checkDevices(roots))];
}
