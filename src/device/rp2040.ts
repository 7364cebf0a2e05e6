// SPDX-License-Identifier: Apache-2.0
// A Raspberry Pi Pico in this process: rp2040js runs the firmware in slices between which the event loop lives, its
// UART0 is the link. Cycles are those that the firmware counts with SysTick, in rp2040js's cycle model (which has no
// flash cache misses).
import { readFile } from 'node:fs/promises';
import { GPIOPinState, type RP2040 } from 'rp2040js';
import { fail } from '../cli/errors.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';
import { type FarEnd, memoryLink } from '../link/memoryLink.js';
import type { Device, Window } from './device.js';
import { ImageError, parseFlashImage } from './flashImage.js';
import { type DeviceTimeouts, emulatorTimeouts, openLinkDevice } from './linkDevice.js';
import { type Chip, FLASH_START, GuestFault, makeChip } from './rp2040Chip.js';

/** The second-stage boot loader fills the first 256 bytes (RP2040 data sheet, 2.8.1.3.1); the vectors follow it. */
const VECTOR_TABLE = FLASH_START + 0x100;

/** Some 5 ms of work: short enough for timers and Ctrl-C, long enough that setImmediate costs nothing. */
const SLICE_INSTRUCTIONS = 150_000;
/** So many looks at an empty receiver in a row, and nothing will happen until the host sends. */
const IDLE_POLLS = 64;
/** What a UART receiver tolerates (8N1: the middle of the tenth bit may be half a bit off, for both sides together). */
const BAUD_TOLERANCE = 0.03;

// PL011 registers and flags (Arm DDI 0183).
const UARTDR = 0x00;
const UARTFR = 0x18;
const FR_RX_FULL = 1 << 6;
const FR_RX_EMPTY = 1 << 4;

/** Starts the image (bytes, or the path of an ELF, UF2 or BIN file) and waits until its firmware answers. */
export async function startRp2040(
  board: Board,
  image: Uint8Array | string,
  timeouts: DeviceTimeouts = {},
): Promise<Device> {
  const { link, windowInstructions } = await openRp2040(board, image);
  const device = await openLinkDevice(link, board, 'emulated', { ...emulatorTimeouts, ...timeouts });
  const counted = async (window: Promise<Window>): Promise<Window> => ({
    ...(await window),
    instructions: windowInstructions(),
  });
  return { ...device, run: () => counted(device.run()), step: (index) => counted(device.step(index)) };
}

/** `nanos` is the chip's present time. */
export interface Rp2040Emulator extends Pick<Chip, 'windowInstructions' | 'executed' | 'nanos'> {
  /** UART0. */
  link: Link;
  /** Lets so much of the chip's time pass although its program waits for the host; done when it has. */
  elapse(ms: number): Promise<void>;
}

export interface Rp2040Watch {
  /** A pin changed, at this time of the chip's clock. */
  onPin?: (pin: number, high: boolean, nanos: number) => void;
}

/** Starts the image (bytes, or the path of an ELF, UF2 or BIN file); its console is the link. */
export async function openRp2040(
  board: Board,
  image: Uint8Array | string,
  watch: Rp2040Watch = {},
): Promise<Rp2040Emulator> {
  const name = typeof image === 'string' ? image : 'the firmware image';
  const bytes = typeof image === 'string' ? await readImage(image) : image;
  return openEmulator(board, bytes, name, watch);
}

async function readImage(path: string): Promise<Uint8Array> {
  return readFile(path).catch((error: Error) => fail('file.read', { path, reason: error.message }));
}

function openEmulator(board: Board, image: Uint8Array, path: string, watch: Rp2040Watch): Rp2040Emulator {
  const { near, far } = memoryLink('rp2040js');
  try {
    const chip = makeChip(parseFlashImage(image, FLASH_START), VECTOR_TABLE);
    watchPins(chip, watch);
    const elapse = start(chip, far, board.console.baud);
    const { windowInstructions, executed, nanos } = chip;
    return { link: near, windowInstructions, executed, nanos, elapse };
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    return fail('data.broken', { path, reason: `as a firmware image: ${error.message}` });
  }
}

function watchPins({ chip, nanos }: Chip, { onPin }: Rp2040Watch): void {
  if (!onPin) return;
  for (const [pin, gpio] of chip.gpio.entries()) {
    let was: boolean | undefined;
    gpio.addListener((state) => {
      const high = state === GPIOPinState.High || state === GPIOPinState.InputPullUp;
      if (high !== was) onPin(pin, high, nanos());
      was = high;
    });
  }
}

/** Runs the chip until the link is closed or the program faults; sleeps while the program waits for the host. */
function start({ chip, run, nanos }: Chip, far: FarEnd, baud: number): Rp2040Emulator['elapse'] {
  const uart = connectUart(chip, far, baud);
  let scheduled = false;
  let ended = false;
  let awakeUntil = 0;
  let wake: () => void = () => undefined;
  const mayRest = () => uart.idle() && nanos() >= awakeUntil;
  const slice = () => {
    scheduled = false;
    if (ended) return wake();
    try {
      run(SLICE_INSTRUCTIONS, mayRest);
      uart.flush();
    } catch (error) {
      if (!(error instanceof GuestFault)) throw error;
      ended = true;
      wake();
      return far.break(error.message);
    }
    if (nanos() >= awakeUntil) wake();
    if (!mayRest()) schedule();
  };
  const schedule = () => {
    if (!scheduled) setImmediate(slice);
    scheduled = true;
  };
  far.onClose(() => {
    ended = true;
  });
  far.onData((bytes) => {
    uart.feed(bytes);
    schedule();
  });
  schedule();
  return (ms) =>
    new Promise((resolve) => {
      awakeUntil = nanos() + ms * 1e6;
      wake = resolve;
      schedule();
    });
}

/** The UART's far side: bytes for the program, and what it sent since the last flush. */
interface Wire {
  feed(bytes: Uint8Array): void;
  flush(): void;
  /** The program waits for a byte that is not there. */
  idle(): boolean;
}

/** Hooks the UART's registers: received bytes come as fast as the program takes them, none is lost. */
function connectUart(chip: RP2040, far: FarEnd, baud: number): Wire {
  const [uart] = chip.uart;
  const queue: Uint8Array[] = [];
  const sent: number[] = [];
  let at = 0;
  let emptyPolls = 0;
  const fill = () => {
    while (queue.length > 0 && uart.enabled && (uart.flags & FR_RX_FULL) === 0) {
      emptyPolls = 0;
      uart.feedByte(queue[0][at++]);
      if (at < queue[0].length) continue;
      queue.shift();
      at = 0;
    }
  };
  const read = uart.readUint32.bind(uart);
  uart.readUint32 = (offset) => {
    if (offset === UARTFR || offset === UARTDR) fill();
    if (offset === UARTFR && (uart.flags & FR_RX_EMPTY) !== 0) emptyPolls++;
    return read(offset);
  };
  uart.onByte = (byte) => {
    emptyPolls = 0;
    checkLine(uart, baud);
    sent.push(byte);
  };
  return {
    feed: (bytes) => {
      if (bytes.length > 0) queue.push(bytes);
      emptyPolls = 0;
    },
    flush: () => {
      if (sent.length > 0) far.send(Uint8Array.from(sent.splice(0)));
    },
    idle: () => emptyPolls > IDLE_POLLS,
  };
}

/** A real board with this line would not be understood. */
function checkLine(uart: RP2040['uart'][number], baud: number): void {
  if (!uart.enabled || uart.wordLength !== 8)
    throw new GuestFault('its UART sends without being set to 8 bits and enabled');
  const error = Math.abs(uart.baudRate - baud) / baud;
  if (!(error < BAUD_TOLERANCE)) throw new GuestFault(`its UART runs at ${uart.baudRate} baud, not at ${baud}`);
}
