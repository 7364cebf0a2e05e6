// SPDX-License-Identifier: Apache-2.0
// Where a port that went away comes back: the same USB device may have another path then.
import type { SerialPortInfo } from '../discover/serialPorts.js';

/** What is known of a port by which it can be found again. */
export interface PortIdentity {
  path: string;
  vid?: string;
  pid?: string;
  serial?: string;
  /** Place among the ports of one USB device: a debugger may have two. */
  place?: number;
}

const sameDevice = (a: Partial<SerialPortInfo>, b: PortIdentity): boolean =>
  b.vid !== undefined && a.vid === b.vid && a.pid === b.pid && a.serial === b.serial;

export function identityOf(path: string, ports: readonly SerialPortInfo[]): PortIdentity {
  const port = ports.find((p) => p.path === path);
  if (!port) return { path };
  const { vid, pid, serial } = port;
  const identity: PortIdentity = { path, ...(vid && { vid }), ...(pid && { pid }), ...(serial && { serial }) };
  const siblings = ports.filter((p) => sameDevice(p, identity));
  return serial ? { ...identity, place: siblings.indexOf(port) } : identity;
}

/**
 * The path to try. Of a device with a serial number only that device's port, wherever it is; of one without, the old path
 * if such a device is there, or the only one of its kind; of a port that is no USB device, its path.
 */
export function pathNow(identity: PortIdentity, ports: readonly SerialPortInfo[]): string | undefined {
  if (identity.vid === undefined) return identity.path;
  const same = ports.filter((p) => sameDevice(p, identity));
  if (identity.serial !== undefined) return same[identity.place ?? 0]?.path;
  const old = same.find((p) => p.path === identity.path);
  return old?.path ?? (same.length === 1 ? same[0].path : undefined);
}
