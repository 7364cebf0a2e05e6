// SPDX-License-Identifier: Apache-2.0
// A board in QEMU: the firmware's UART is the emulator's stdin and stdout, its instructions are counted (-icount).
import { spawn } from 'node:child_process';
import { debuglog } from 'node:util';
import { loadTarget } from '../build/boards.js';
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';
import { processLink } from '../link/processLink.js';
import { guardChild } from './childGuard.js';
import type { Device } from './device.js';
import { type DeviceTimeouts, emulatorTimeouts, openLinkDevice } from './linkDevice.js';
import { npuLink } from './npuLink.js';

const log = debuglog('mote:exec');

type QemuEmulator = Extract<NonNullable<Board['emulator']>, { kind: 'qemu' }>;

/** Debian's packages; elsewhere the name of the program is what to look for. */
const packages = {
  'qemu-system-arm': 'qemu-system-arm',
  'qemu-system-riscv32': 'qemu-system-misc',
  'qemu-system-riscv64': 'qemu-system-misc',
} as const;

/** What the machine starts: an ELF, or the bytes that its flash holds from an address on. */
export type QemuProgram = { elf: string } | { flash: string; address: number };

export function qemuArgs(emulator: QemuEmulator, program: QemuProgram): string[] {
  return [
    '-M',
    emulator.machine,
    ...(emulator.cpu === undefined ? [] : ['-cpu', emulator.cpu]),
    ...(emulator.machine === 'virt' ? ['-bios', 'none'] : []),
    ...emulator.args,
    '-nodefaults',
    '-display',
    'none',
    '-monitor',
    'none',
    '-chardev',
    'stdio,id=console,signal=off',
    '-serial',
    'chardev:console',
    ...('elf' in program
      ? ['-kernel', program.elf]
      : ['-device', `loader,file=${program.flash},addr=${program.address},force-raw=on`]),
  ];
}

/** Starts the ELF on the board's machine and waits until its firmware answers. */
export async function startQemu(board: Board, elfPath: string, timeouts: DeviceTimeouts = {}): Promise<Device> {
  const link = await openQemuLink(board, { elf: elfPath });
  const npu = loadTarget(board.target).npu;
  return openLinkDevice(npu ? npuLink(link, npu) : link, board, 'emulated', {
    ...emulatorTimeouts,
    ...timeouts,
  });
}

/** The console of the board's machine, running the program; closing it ends the machine. */
export function openQemuLink(board: Board, start: QemuProgram): Promise<Link> {
  const { emulator } = board;
  if (emulator?.kind !== 'qemu') return fail('device.none', { board: board.id });
  const program = emulator.binary ?? 'qemu-system-arm';
  const args = qemuArgs(emulator, start);
  log('%s %s', program, args.join(' '));
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'], windowsHide: true });
  guardChild(child);
  let complaint = '';
  child.stderr.on('data', (bytes: Buffer) => {
    complaint = (complaint + bytes.toString('utf8')).slice(-4000);
  });
  const link = processLink(`qemu:${emulator.machine}`, child, (status, signal) => endText(status, signal, complaint));
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve(link));
    child.once('error', (error: NodeJS.ErrnoException) => {
      Promise.reject(error)
        .catch(() => missing(program, error))
        .catch(reject);
    });
  });
}

function missing(program: NonNullable<QemuEmulator['binary']>, error: NodeJS.ErrnoException): never {
  if (error.code !== 'ENOENT') return fail('tool.failed', { tool: program, reason: error.message });
  const how = `install QEMU (on Debian: apt-get install --no-install-recommends ${packages[program]})`;
  return fail('tool.missing', { tool: program, how });
}

function endText(status: number | null, signal: NodeJS.Signals | null, complaint: string): string {
  const how = signal === null ? `with status ${status}` : `by ${signal}`;
  // After `fatal:` (a lockup, say) come the registers; else the last line is the reason.
  const lines = complaint.trim().split('\n');
  const reason = lines.find((line) => line.includes('fatal:')) ?? lines.at(-1) ?? '';
  return `QEMU ended ${how}${reason === '' ? '' : ` (${reason.trim()})`}`;
}
