// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import type { Board } from '../generated/board.js';
import { chooseWay, type Found } from './chooseWay.js';
import type { FlashDrive } from './drive.js';
import type { FlashEntry } from './method.js';

const base = loadBoard('stm32f405-virtual');
const usb = [
  { vid: '0483', pid: '374b', name: 'ST-LINK/V2-1', role: 'console' as const },
  { vid: '303a', pid: '1001', name: 'USB JTAG', role: 'probe' as const },
];
const esp: FlashEntry = {
  method: 'esp-rom',
  chip: 'esp32c3',
  flashBase: '0x08000000',
  blocks: [{ start: '0x08000000', bytes: 4096, count: 4 }],
  enter: ['D0'],
  leave: 'D0',
};
const openocd: FlashEntry = { method: 'external', tool: 'openocd', command: ['{image}'], image: 'hex' };
const bossac: FlashEntry = { method: 'external', tool: 'bossac', command: ['-p', '{port}', '{image}'], image: 'bin' };
const board = (...flash: FlashEntry[]): Board => ({ ...base, id: 'b', flash, usb });
const nothing: Found = { ports: [], drives: [], usb: [], findTool: () => undefined };
const port = (path: string) => ({ path, vid: '0483', pid: '374b' });
const stranger = { path: '/dev/ttyUSB9', vid: '1a86', pid: '7523' };
const blocked = { ...port('/dev/ttyACM7'), blocked: { reason: 'no permission', help: 'sudo …' } };

describe('chooseWay', () => {
  it('takes the only port that has the id of the board', () => {
    const found = { ...nothing, ports: [stranger, port('/dev/ttyACM0')] };
    expect(chooseWay(board(esp), {}, found)).toMatchObject({
      kind: 'link',
      port: '/dev/ttyACM0',
      why: 'usb 0483:374b ST-LINK/V2-1',
    });
  });

  it('never guesses among several: exit 5, with the list and the option', () => {
    const found = { ...nothing, ports: [port('/dev/ttyACM0'), port('/dev/ttyACM2'), blocked] };
    expect(() => chooseWay(board(esp), {}, found)).toThrow(
      expect.objectContaining({
        code: 'flash.many',
        exit: 5,
        message: expect.stringMatching(/^3 devices can be b: .*ttyACM0.*ttyACM2.*ttyACM7 \(blocked: no permission\)/),
        help: 'say which: --port /dev/ttyACM0',
      }),
    );
  });

  it('none: exit 5, with what was looked for', () => {
    expect(() => chooseWay(board(esp, openocd), {}, nothing)).toThrow(
      expect.objectContaining({
        code: 'flash.none',
        exit: 5,
        message: expect.stringContaining(
          'a serial port with usb 0483:374b ST-LINK/V2-1; the program openocd, which is not installed',
        ),
      }),
    );
  });

  it('a blocked one is shown as blocked, with what to do', () => {
    expect(() => chooseWay(board(esp), {}, { ...nothing, ports: [blocked] })).toThrow(
      expect.objectContaining({ code: 'flash.blocked', exit: 5, help: 'sudo …' }),
    );
  });

  it('a named port is always taken', () => {
    for (const name of ['/dev/pts/7', 'tcp:host:1', 'rfc2217://host:1', 'COM3'])
      expect(chooseWay(board(esp), { port: name }, nothing)).toMatchObject({ port: name, why: 'named' });
  });

  it('goes on to the next method where the first finds nothing', () => {
    const probe = { vid: '303a', pid: '1001' };
    const found = { ...nothing, usb: [probe], findTool: () => '/usr/bin/openocd' };
    expect(chooseWay(board(esp, openocd), {}, found)).toMatchObject({ kind: 'tool', program: '/usr/bin/openocd' });
    expect(chooseWay(board(esp, openocd), { method: 'openocd' }, { ...found, usb: [] }).why).toBe('asked for');
    expect(() => chooseWay(board(openocd), {}, { ...found, usb: [probe, probe] })).toThrow(/2 devices can be b/);
  });

  it('a tool that wants a port gets the one of the board, or the named one', () => {
    const found = { ...nothing, ports: [port('/dev/ttyACM0')], findTool: () => '/usr/bin/bossac' };
    expect(chooseWay(board(bossac), {}, found)).toMatchObject({ kind: 'tool', port: '/dev/ttyACM0' });
    expect(chooseWay(board(bossac), { port: 'COM4' }, found)).toMatchObject({ kind: 'tool', port: 'COM4' });
  });

  it('signed images go by MCUboot and all others not, unless the user says so', () => {
    const smp: FlashEntry = { method: 'smp', blocks: [{ start: '0x0', bytes: 4096, count: 1 }] };
    const [both, named] = [board(esp, smp), { port: 'COM4' }];
    expect(chooseWay(both, { ...named, signed: true }, nothing).entry).toBe(smp);
    expect(chooseWay(both, named, nothing).entry).toBe(esp);
    expect(chooseWay(both, { ...named, signed: true, method: 'esp-rom' }, nothing).entry).toBe(esp);
    expect(() => chooseWay(board(smp), named, nothing)).toThrow(/smp is for images signed for MCUboot/);
  });

  it('an unknown method is wrong usage', () => {
    expect(() => chooseWay(board(esp, openocd), { method: 'uf2-drive' }, nothing)).toThrow(
      expect.objectContaining({ exit: 2, message: "b cannot be flashed by 'uf2-drive'; it has esp-rom, openocd" }),
    );
  });

  it('a drive is no serial port', () => {
    const drive: FlashDrive = { path: '/x', kind: 'uf2', info: {} };
    expect(() => chooseWay(board(esp), { port: '/x', drive }, nothing)).toThrow(
      /no b was found; looked for a serial port, which the drive \/x is not/,
    );
  });

  it('a named folder that is not there, and a port that no tool takes, are said to be that', () => {
    const uf2: FlashEntry = { method: 'uf2-drive', boardIds: ['RPI-RP2'], family: '0xe48bff56', blocks: esp.blocks };
    expect(() => chooseWay(board(uf2), { port: '/media/gone' }, nothing)).toThrow(
      /a UF2 drive with Board-ID RPI-RP2, but \/media\/gone is no folder that is there/,
    );
    expect(() => chooseWay(board(openocd), { port: 'COM4' }, nothing)).toThrow(/\(openocd takes no --port\)/);
  });

  it('west is taken where a Zephyr build of the board is named', () => {
    const west: FlashEntry = { method: 'external', tool: 'west', command: ['-d', '{zephyr}', '{image}'], image: 'hex' };
    const found = { ...nothing, findTool: () => '/usr/bin/west' };
    expect(() => chooseWay(board(west), {}, found)).toThrow(/west flashes by way of a Zephyr build.*MOTE_ZEPHYR_BUILD/);
    const usbOfBoard = [{ vid: '303a', pid: '1001' }];
    expect(chooseWay(board(west), {}, { ...found, usb: usbOfBoard, zephyrBuild: '/z' })).toMatchObject({
      kind: 'tool',
      program: '/usr/bin/west',
    });
  });
});
