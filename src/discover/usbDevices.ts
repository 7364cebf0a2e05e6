// SPDX-License-Identifier: Apache-2.0
// What hangs on the USB of this machine, as Linux shows it in sysfs (Documentation/ABI/testing/sysfs-bus-usb).
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type DeviceRoots, under } from './roots.js';

export interface UsbDevice {
  /** Four lower-case hexadecimal digits, as in board files. */
  vid: string;
  pid: string;
  product?: string;
  manufacturer?: string;
  serial?: string;
}

export const usbId = (device: { vid: string; pid: string }): string => `${device.vid}:${device.pid}`;

export async function listUsb(roots: DeviceRoots): Promise<UsbDevice[]> {
  const folder = under(roots, 'sys', 'bus', 'usb', 'devices');
  const names = await readdir(folder).catch(() => [] as string[]);
  const devices = await Promise.all(names.sort().map((name) => readUsb(join(folder, name))));
  return devices.filter((d) => d !== undefined);
}

/** The USB device that this folder is, or undefined: interfaces and hubs' ports have no ids. */
export async function readUsb(folder: string): Promise<UsbDevice | undefined> {
  const [vid, pid] = await Promise.all([attribute(folder, 'idVendor'), attribute(folder, 'idProduct')]);
  if (!vid || !pid || !/^[0-9a-f]{4}$/i.test(vid) || !/^[0-9a-f]{4}$/i.test(pid)) return undefined;
  const [product, manufacturer, serial] = await Promise.all(
    ['product', 'manufacturer', 'serial'].map((name) => attribute(folder, name)),
  );
  return {
    vid: vid.toLowerCase(),
    pid: pid.toLowerCase(),
    ...(product && { product }),
    ...(manufacturer && { manufacturer }),
    ...(serial && { serial }),
  };
}

/** The USB device above a folder of sysfs: an interface is one below its device, a ttyUSB two. */
export async function usbAbove(folder: string): Promise<UsbDevice | undefined> {
  let at = folder;
  for (let level = 0; level < 4; level++) {
    const device = await readUsb(at);
    if (device) return device;
    at = dirname(at);
  }
  return undefined;
}

/** One line of text that a device says of itself: not to be trusted to be short or printable. */
async function attribute(folder: string, name: string): Promise<string | undefined> {
  const text = await readFile(join(folder, name), 'utf8').catch(() => undefined);
  const plain = text?.replace(/[^\x20-\x7e]+/g, ' ').trim();
  return plain === '' ? undefined : plain?.slice(0, 100);
}
