// SPDX-License-Identifier: Apache-2.0
// Discovery on a made-up root folder: what sysfs, proc and mounted drives look like (Linux).
import { mkdir, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import { withWorkFolder } from '../build/workFolder.js';
import { listDrives, readDrive } from './drives.js';
import { boardsOfDrive, boardsOfUsb } from './guessBoards.js';
import type { DeviceRoots } from './roots.js';
import { listPorts } from './serialPorts.js';
import { listUsb } from './usbDevices.js';

async function put(root: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await writeFile(join(root, path), text);
  }
}

const usb = 'sys/devices/pci0/usb3';
/** An ST-LINK on ttyACM0, a CP2102 on ttyUSB0, and a ttyS0 with nothing behind it. */
async function makeMachine(root: string): Promise<DeviceRoots> {
  await put(root, {
    [`${usb}/3-1/idVendor`]: '0483\n',
    [`${usb}/3-1/idProduct`]: '374B\n',
    [`${usb}/3-1/product`]: 'STM32 STLink\n',
    [`${usb}/3-1/serial`]: '0669FF31\n',
    [`${usb}/3-1/3-1:1.2/bInterfaceClass`]: '02\n',
    [`${usb}/3-2/idVendor`]: '10c4\n',
    [`${usb}/3-2/idProduct`]: 'ea60\n',
    [`${usb}/3-2/product`]: 'evil\u001b[2J name\n',
    [`${usb}/3-2/3-2:1.0/ttyUSB0/x`]: '',
    'sys/devices/platform/serial8250/x': '',
    'sys/class/tty/ttyACM0/x': '',
    'sys/class/tty/ttyUSB0/x': '',
    'sys/class/tty/ttyS0/type': '0\n',
    'sys/class/tty/tty7/x': '',
    'sys/bus/usb/devices/x': '',
    'dev/ttyACM0': '',
    'dev/ttyUSB0': '',
    'dev/ttyS0': '',
    'proc/77/comm': 'ModemManager\n',
    'proc/77/fd/x': '',
    'etc/group': `root:x:999999:\ndialout:x:${process.getgid?.()}:\n`,
  });
  const link = (from: string, to: string) => symlink(join(root, to), join(root, from));
  await link('sys/class/tty/ttyACM0/device', `${usb}/3-1/3-1:1.2`);
  await link('sys/class/tty/ttyUSB0/device', `${usb}/3-2/3-2:1.0/ttyUSB0`);
  await link('sys/class/tty/ttyS0/device', 'sys/devices/platform/serial8250');
  await link('sys/bus/usb/devices/3-1', `${usb}/3-1`);
  await link('sys/bus/usb/devices/3-2', `${usb}/3-2`);
  await symlink('/dev/ttyUSB0', join(root, 'proc/77/fd/9'));
  return { root, platform: 'linux', driveFolders: [join(root, 'media')] };
}

describe.skipIf(process.platform === 'win32')('discovery', () => {
  it('ports come from sysfs, with their USB device, and with who has them open', async () => {
    await withWorkFolder(async (root) => {
      const ports = await listPorts(await makeMachine(root));
      expect(ports).toEqual([
        {
          path: '/dev/ttyACM0',
          vid: '0483',
          pid: '374b',
          product: 'STM32 STLink',
          serial: '0669FF31',
          note: expect.stringContaining('ModemManager'),
        },
        {
          path: '/dev/ttyUSB0',
          vid: '10c4',
          pid: 'ea60',
          product: 'evil [2J name',
          blocked: { reason: 'ModemManager (process 77) has it open', help: 'sudo systemctl stop ModemManager' },
        },
      ]);
      expect(boardsOfUsb([loadBoard('nucleo-l4r5zi'), loadBoard('pico')], ports[0])).toEqual([
        { board: 'nucleo-l4r5zi', why: 'usb 0483:374b ST-LINK/V2-1' },
      ]);
    });
  });

  it('a port without permission is blocked, with the group to join', async () => {
    await withWorkFolder(async (root) => {
      const roots = await makeMachine(root);
      // As the system answers to a user outside of the group; root may open everything.
      const access = async () => {
        throw Object.assign(new Error('denied'), { code: 'EACCES' });
      };
      const [port] = await listPorts({ ...roots, access });
      expect(port.blocked).toEqual({
        reason: 'no permission (it belongs to group dialout)',
        help: 'sudo usermod -aG dialout $USER, then log in again',
      });
    });
  });

  it('a port without a device file, and a machine without sysfs', async () => {
    await withWorkFolder(async (root) => {
      const roots = await makeMachine(root);
      await rm(join(root, 'dev/ttyACM0'));
      expect((await listPorts(roots))[0].blocked?.reason).toBe('it has no device file');
      expect(await listPorts({ ...roots, root: join(root, 'nowhere') })).toEqual([]);
      expect((await listUsb(roots)).map((u) => u.vid)).toEqual(['0483', '10c4']);
    });
  });

  it('drives are known by their files or their label', async () => {
    await withWorkFolder(async (root) => {
      await put(root, {
        'media/RPI-RP2/info_uf2.txt':
          'UF2 Bootloader v3.0\r\nModel: Raspberry Pi RP2\r\nBoard-ID: RPI-RP2\r\n__proto__: x',
        'media/NODE_L4R5ZI/DETAILS.TXT': 'Version: 0221\n',
        'media/DAPLINK/DETAILS.TXT': '# DAPLink Firmware\nUnique ID: 11000000061d\nAuto Reset: 1\n',
        'media/holiday/photo.jpg': '',
        'usb stick/INFO_UF2.TXT': 'Board-ID: SAMD21G18A-XIAO-v0\n',
        'proc/mounts': `/dev/sda1 ${root}/usb\\040stick vfat rw 0 0\n/dev/sdb1 / ext4 rw 0 0\n`,
      });
      const drives = await listDrives({ root, platform: 'linux', driveFolders: [join(root, 'media')] });
      expect(drives.map((d) => [d.kind, d.info['Board-ID'] ?? d.info.label ?? d.info['Unique ID']]).sort()).toEqual([
        ['daplink', '11000000061d'],
        ['stlink', 'NODE_L4R5ZI'],
        ['uf2', 'RPI-RP2'],
        ['uf2', 'SAMD21G18A-XIAO-v0'],
      ]);
      const boards = [loadBoard('pico'), loadBoard('nucleo-l4r5zi')];
      expect(drives.flatMap((d) => boardsOfDrive(boards, d))).toEqual(
        expect.arrayContaining([
          { board: 'pico', why: 'Board-ID RPI-RP2' },
          { board: 'nucleo-l4r5zi', why: 'drive NODE_L4R5ZI' },
        ]),
      );
      expect(await readDrive(join(root, 'media/holiday'))).toBeUndefined();
    });
  });
});
