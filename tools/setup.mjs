// SPDX-License-Identifier: Apache-2.0
// Makes a clone ready: npm packages always; with --test also QEMU, GCC and the flashing tools of others (Debian, as
// root), or a plain word about what will be skipped.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const say = (text) => process.stderr.write(`${text}\n`);

const run = (program, args, options = {}) =>
  spawnSync(program, args, { cwd: root, stdio: ['ignore', 2, 2], ...options }).status === 0;

const onPath = (program) =>
  (process.env.PATH ?? '')
    .split(delimiter)
    .some((folder) => existsSync(join(folder, program)) || existsSync(join(folder, `${program}.exe`)));

function installPackages() {
  const stamp = join(root, 'node_modules', '.mote-lock');
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return;
  say('installing npm packages (npm ci), once');
  // Through the npm that started us, so that no shell is needed on any system.
  const npm = process.env.npm_execpath;
  const done = npm
    ? run(process.execPath, [npm, 'ci', '--no-audit', '--no-fund'])
    : run('npm', ['ci', '--no-audit', '--no-fund']);
  if (!done) {
    say('npm ci failed: see the lines above');
    process.exit(9);
  }
  writeFileSync(stamp, hash);
}

// Tool -> Debian package that has it, and what is not tested without it.
const testTools = [
  {
    program: 'qemu-system-arm',
    debian: 'qemu-system-arm',
    suites: 'the virtual Cortex-M4, M7, M33, M55 and STM32F405 boards',
  },
  { program: 'qemu-system-riscv32', debian: 'qemu-system-misc', suites: 'the virtual RV32 boards' },
  { program: 'arm-none-eabi-gcc', debian: 'gcc-arm-none-eabi', suites: 'the Arm kernels through GCC' },
  { program: 'riscv64-unknown-elf-gcc', debian: 'gcc-riscv64-unknown-elf', suites: 'the RISC-V kernels through GCC' },
  { program: 'stm32flash', debian: 'stm32flash', suites: 'the AN3155 emulator against an independent client' },
  { program: 'bossac', debian: 'bossa-cli', suites: 'the SAM-BA emulator against an independent client' },
  { program: 'chromium', debian: 'chromium', suites: 'reports in a browser' },
  { program: 'socat', debian: 'socat', suites: 'emulated boards behind a pseudo terminal' },
  {
    file: '/usr/share/python-wheels',
    program: 'python3-venv',
    debian: 'python3-venv',
    suites: "Arm's Vela and kflash, which are installed from PyPI",
  },
  {
    file: '/usr/lib/python3/dist-packages/serial/__init__.py',
    program: 'python3-serial',
    debian: 'python3-serial',
    suites: 'RFC 2217 against an independent server',
  },
];

const isHere = (tool) => (tool.file === undefined ? onPath(tool.program) : existsSync(tool.file));

function installTestTools() {
  const missing = () => testTools.filter((t) => !isHere(t));
  if (missing().length === 0) return;
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    const packages = missing().map((t) => t.debian);
    say(`installing ${packages.join(' ')} with apt-get`);
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const apt = ['-o', 'DPkg::Lock::Timeout=300', '-q'];
    run('apt-get', [...apt, 'update'], { env });
    run('apt-get', [...apt, 'install', '-y', '--no-install-recommends', ...packages], { env });
  }
  for (const tool of missing()) {
    say(
      `${tool.program} is not here: ${tool.suites} will be skipped. On Debian: apt-get install --no-install-recommends ${tool.debian}`,
    );
  }
  if (process.env.CI && missing().length) {
    say('in CI nothing may be skipped');
    process.exit(9);
  }
}

// Programs from PyPI, each in a virtual environment of its own: Arm's compiler for Ethos-U (src/npu/ethosu/vela/findVela.ts
// looks there) and the flasher of K210 boards (test/flash/kflash.test.ts).
const pythonTools = [
  {
    name: 'vela',
    variable: 'MOTE_VELA',
    packages: ['ethos-u-vela==5.2.0'],
    without: 'compiling for Ethos-U by it will not be tested',
  },
  {
    name: 'kflash',
    variable: 'MOTE_KFLASH',
    packages: ['kflash==1.1.6', 'pyserial==3.5', 'pyelftools==0.33'],
    without: 'the emulated K210 will not be judged by it',
  },
];

function installPythonTool({ name, variable, packages, without }) {
  const folder = join(root, 'node_modules', '.cache', name);
  const stamp = join(folder, '.mote-version');
  const version = packages[0].split('==')[1];
  const isDone = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === version;
  if (process.env[variable] || isDone()) return;
  say(`installing ${packages[0].replace('==', ' ')} with pip, once`);
  const python = ['python3', '/usr/bin/python3'].find((p) => run(p, ['-m', 'venv', '--clear', folder]));
  const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages];
  const inside = join(folder, process.platform === 'win32' ? 'Scripts' : 'bin', 'python');
  if (python && run(inside, pip)) writeFileSync(stamp, version);
  if (isDone()) return;
  say(`${name} is not here: ${without}. It needs python3 with venv and pip`);
  if (process.env.CI) {
    say('in CI nothing may be skipped');
    process.exit(9);
  }
}

installPackages();
if (process.argv.includes('--test')) {
  installTestTools();
  for (const tool of pythonTools) installPythonTool(tool);
}
