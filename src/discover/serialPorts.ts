// SPDX-License-Identifier: Apache-2.0
// The serial ports of this machine, without opening one (that would reset some boards). On Linux from sysfs, because
// SerialPort.list() needs udev, which containers lack; elsewhere by the serialport package.
import { constants } from 'node:fs';
import { access, readdir, readFile, readlink, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type DeviceRoots, under } from './roots.js';
import { type UsbDevice, usbAbove } from './usbDevices.js';

export interface SerialPortInfo extends Partial<UsbDevice> {
  path: string;
  /** Why it cannot be opened now, and what to do about it. */
  blocked?: { reason: string; help: string };
  /** What may get in the way. */
  note?: string;
}

export async function listPorts(roots: DeviceRoots): Promise<SerialPortInfo[]> {
  return roots.platform === 'linux' ? listLinux(roots) : listByPackage();
}

async function listByPackage(): Promise<SerialPortInfo[]> {
  const { SerialPort } = await import('serialport');
  const ports = await SerialPort.list().catch(() => []);
  return ports.map(({ path, vendorId, productId, serialNumber, manufacturer }) => ({
    // macOS lists tty.*, whose open waits for a carrier; cu.* does not.
    path: path.replace(/^\/dev\/tty\./, '/dev/cu.'),
    ...(vendorId && { vid: vendorId.toLowerCase() }),
    ...(productId && { pid: productId.toLowerCase() }),
    ...(serialNumber && { serial: serialNumber }),
    ...(manufacturer && { manufacturer }),
  }));
}

const portNames = /^tty(ACM|USB|AMA|S|THS|mxc)\d+$/;

async function listLinux(roots: DeviceRoots): Promise<SerialPortInfo[]> {
  const folder = under(roots, 'sys', 'class', 'tty');
  const names = (await readdir(folder).catch(() => [] as string[])).filter((n) => portNames.test(n));
  const holders = await programsWith(roots, new Set(names.map((n) => `/dev/${n}`)));
  const modemManager = await isRunning(roots, 'ModemManager');
  const ports = await Promise.all(
    names.sort(byNumber).map(async (name) => {
      const device = await realpath(join(folder, name, 'device')).catch(() => undefined);
      if (device === undefined || !(await isWired(join(folder, name)))) return undefined;
      const usb = await usbAbove(device);
      const blocked = await blockOf(roots, name, holders.get(`/dev/${name}`));
      const mayProbe = modemManager && blocked === undefined && name.startsWith('ttyACM');
      return {
        path: `/dev/${name}`,
        ...usb,
        ...(blocked && { blocked }),
        ...(mayProbe && { note: 'ModemManager runs here and may talk to it for some seconds after it is plugged in' }),
      };
    }),
  );
  return ports.filter((p) => p !== undefined);
}

const byNumber = (a: string, b: string): number => a.localeCompare(b, 'en', { numeric: true });

/** A PC has many ttyS without hardware behind them: their type is 0, PORT_UNKNOWN. */
async function isWired(folder: string): Promise<boolean> {
  const type = await readFile(join(folder, 'type'), 'utf8').catch(() => '');
  return type.trim() !== '0';
}

async function blockOf(
  roots: DeviceRoots,
  name: string,
  holder: string | undefined,
): Promise<SerialPortInfo['blocked']> {
  const path = under(roots, 'dev', name);
  const error = await (roots.access ?? access)(path, constants.R_OK | constants.W_OK).then(
    () => undefined,
    (e: NodeJS.ErrnoException) => e.code ?? 'error',
  );
  if (error === 'EACCES' || error === 'EPERM') {
    const group = await groupOf(roots, path);
    return {
      reason: `no permission${group ? ` (it belongs to group ${group})` : ''}`,
      help: group ? `sudo usermod -aG ${group} $USER, then log in again` : 'ask who administers this machine',
    };
  }
  if (error === 'ENOENT') return { reason: 'it has no device file', help: 'in a container, hand it in: --device' };
  if (holder !== undefined) {
    const help = holder.startsWith('ModemManager') ? 'sudo systemctl stop ModemManager' : `end ${holder}`;
    return { reason: `${holder} has it open`, help };
  }
  return undefined;
}

async function groupOf(roots: DeviceRoots, path: string): Promise<string | undefined> {
  const gid = await stat(path).then(
    (s) => s.gid,
    () => undefined,
  );
  const groups = await readFile(under(roots, 'etc', 'group'), 'utf8').catch(() => '');
  return groups
    .split('\n')
    .map((line) => line.split(':'))
    .find((fields) => Number(fields[2]) === gid)?.[0];
}

async function processes(roots: DeviceRoots): Promise<string[]> {
  const names = await readdir(under(roots, 'proc')).catch(() => [] as string[]);
  return names.filter((n) => /^\d+$/.test(n));
}

const commandOf = (roots: DeviceRoots, pid: string): Promise<string> =>
  readFile(under(roots, 'proc', pid, 'comm'), 'utf8').then(
    (t) => t.trim().replace(/[^\x20-\x7e]+/g, ' '),
    () => 'a program',
  );

async function isRunning(roots: DeviceRoots, name: string): Promise<boolean> {
  const commands = await Promise.all((await processes(roots)).map((pid) => commandOf(roots, pid)));
  return commands.includes(name);
}

/** Which program has which of these paths open; only of programs whose files this user may see. */
async function programsWith(roots: DeviceRoots, paths: ReadonlySet<string>): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  if (paths.size === 0) return found;
  for (const pid of await processes(roots)) {
    const folder = under(roots, 'proc', pid, 'fd');
    for (const fd of await readdir(folder).catch(() => [] as string[])) {
      const target = await readlink(join(folder, fd)).catch(() => '');
      if (paths.has(target)) found.set(target, `${await commandOf(roots, pid)} (process ${pid})`);
    }
  }
  return found;
}
