// SPDX-License-Identifier: Apache-2.0
// What a flash protocol gives once it is connected: a memory that can be erased and written in blocks. The way from an
// image to that memory (which blocks, in which order, what is verified, what an interrupt leaves) is the same for all
// protocols and lies in writeImage.ts; a protocol file knows only its bytes.
import type { Link } from '../link/link.js';

/** One area that is erased as a whole. */
export interface EraseBlock {
  address: number;
  bytes: number;
}

export interface FlashMemory {
  /** What answered, in words: `STM32F405xx (PID 0x413), bootloader 3.1`. */
  readonly chip: string;
  /** Erase blocks in order of address. Nothing outside of them can be erased or written. */
  readonly blocks: readonly EraseBlock[];
  /** Writes begin at multiples of this and are padded to it with `erasedByte`. */
  readonly writeAlignBytes: number;
  readonly erasedByte: number;
  /** The blocks that the image touches, told before anything else: all others can be locked. */
  readonly announce?: (blocks: readonly EraseBlock[]) => Promise<void>;
  /** `write` erases what it writes by itself (ESP, SMP); `erase` is then absent. */
  readonly erase?: (blocks: readonly EraseBlock[]) => Promise<void>;
  write(address: number, bytes: Uint8Array, onBytes: (done: number) => void): Promise<void>;
  /** Absent where the protocol cannot read. */
  readonly read?: (address: number, count: number, onBytes: (done: number) => void) => Promise<Uint8Array>;
  /** What `read` gives has no check sum: the line can have changed it. */
  readonly readUnchecked?: true;
  /** A digest computed by the device, where it has one: cheaper than reading back. */
  readonly digest?: (address: number, count: number) => Promise<{ kind: 'md5' | 'crc32' | 'sha256'; hex: string }>;
  /** Starts the program (GO, reset, boot lines). The link then speaks the board's console format. */
  start(): Promise<void>;
}

export interface FlashRequest {
  link: Link;
  /** Time limits in milliseconds are the protocol's own; this scales all of them (slow links, tests). */
  timeScale?: number;
  /** Words for the user while connecting: `waiting for the boot loader (try 2 of 7)`. */
  onStep?: (text: string) => void;
  /** Aborts between two blocks, never inside one. */
  signal?: AbortSignal;
}

/** One protocol: connects, proves that the chip is one the caller expects, and hands over its memory. */
export type ConnectFlash<Options> = (request: FlashRequest, options: Options) => Promise<FlashMemory>;

export interface FlashReport {
  chip: string;
  imageBytes: number;
  /** Blocks that held something else before; the others were left as they were. */
  erasedBlocks: number;
  unchangedBlocks: number;
  writtenBytes: number;
  verifiedBy: 'readback' | 'md5' | 'crc32' | 'sha256' | 'firmware' | 'none';
  /** What the user should know: bytes beside the image that could not be kept. */
  notes?: string[];
}
