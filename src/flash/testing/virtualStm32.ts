// SPDX-License-Identifier: Apache-2.0
// Test only: a virtual STM32F405 behind a TCP port. Its reset state is the emulated boot ROM; GO starts QEMU with exactly
// the bytes that the flash holds then, and the same port becomes the UART of that machine. It outlives connections, as a
// board does: one program flashes it, the next talks to what was flashed.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openQemuLink } from '../../device/qemu.js';
import type { Board } from '../../generated/board.js';
import type { Link, ModemLines } from '../../link/link.js';
import { An3155Rom, bootMs } from './an3155Rom.js';
import { stm32f405 } from './romBoard.js';

export interface VirtualStm32 {
  /** What `--port` takes. */
  readonly port: string;
  readonly tcpPort: number;
  readonly rom: An3155Rom;
  /** How often GO started a program. */
  readonly starts: number;
  /**
   * The usual wiring (stm32loader's): DTR asserted holds the chip in reset; when it is let go, RTS released means BOOT0
   * high, the boot ROM, and RTS asserted the program in the flash.
   */
  setLines(lines: ModemLines): Promise<void>;
  /** Reset with BOOT0 high: the program ends, the boot ROM waits (when this is done). */
  reset(): Promise<void>;
  close(): Promise<void>;
}

export interface VirtualStm32Options {
  /** A free one where it is left out. */
  tcpPort?: number;
  /** What happens, in words. */
  onEvent?: (text: string) => void;
}

export async function startVirtualStm32(board: Board, options: VirtualStm32Options = {}): Promise<VirtualStm32> {
  const { onEvent = () => undefined } = options;
  const folder = await mkdtemp(join(tmpdir(), 'mote-virtual-'));
  const sockets = new Set<Socket>();
  let speaker: Socket | undefined;
  let machine: Link | undefined;
  let starting = Promise.resolve();
  let starts = 0;
  // One at a time holds the wire: the others would find old answers on their side of it.
  const toHost = (bytes: Uint8Array) => void speaker?.write(bytes);
  const start = async (): Promise<void> => {
    const file = join(folder, 'flash.img');
    const first = rom.flash.blocks[0].address;
    await writeFile(file, rom.flash.cells);
    const link = await openQemuLink(board, { flash: file, address: first });
    link.onData(toHost);
    link.onClose((reason) => onEvent(`the program ended: ${reason}`));
    machine = link;
    starts++;
  };
  const rom = new An3155Rom(stm32f405, {
    send: toHost,
    go: (address) => {
      onEvent(`GO 0x${address.toString(16)}: QEMU starts with what was flashed`);
      starting = start().catch((error: Error) => onEvent(error.message));
    },
  });
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.on('data', (bytes) => {
      speaker = socket;
      if (machine) void machine.write(bytes);
      else rom.feed(bytes);
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.tcpPort ?? 0, '127.0.0.1', resolve);
  });
  const tcpPort = (server.address() as AddressInfo).port;
  const stop = async () => {
    await starting;
    const running = machine;
    machine = undefined;
    await running?.close();
  };
  const reset = async () => {
    await stop();
    rom.reset();
    await new Promise((resolve) => setTimeout(resolve, 2 * bootMs));
    onEvent('reset: the boot ROM waits');
  };
  const boot = async (): Promise<void> => {
    onEvent('reset: QEMU starts with what the flash holds');
    starting = start().catch((error: Error) => onEvent(error.message));
    await starting;
  };
  let held = false;
  const setLines = async ({ dtr, rts }: ModemLines): Promise<void> => {
    const letGo = held && !dtr;
    if (dtr && !held) {
      await stop();
      rom.stop();
    }
    held = dtr;
    if (letGo) await (rts ? boot() : reset());
  };
  return {
    setLines,
    port: `tcp:127.0.0.1:${tcpPort}`,
    tcpPort,
    rom,
    get starts() {
      return starts;
    },
    reset,
    close: async () => {
      await stop();
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
      await rm(folder, { recursive: true, force: true });
    },
  };
}
