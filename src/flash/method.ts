// SPDX-License-Identifier: Apache-2.0
// What a flash method is: which entry of a board file it serves, what it needs of its way to the board, and its client.
import type { Chunk } from '../build/image.js';
import type { Board } from '../generated/board.js';
import type { LinkAbilities, Parity } from '../link/link.js';
import type { CopyToDrive } from './drive.js';
import type { ConnectFlash } from './flashMemory.js';

export type FlashEntry = NonNullable<Board['flash']>[number];
export type MethodId = FlashEntry['method'];
export type OptionsOf<M extends MethodId> = Extract<FlashEntry, { method: M }>;

/** A boot loader behind a byte link. */
export interface LinkMethod<O> {
  kind: 'link';
  title: string;
  needs(options: O): (keyof LinkAbilities)[];
  /** What the link is opened with. */
  format(options: O): { baud: number; parity: Parity };
  /** The port has to be opened once at 1200 baud before the boot loader is there. */
  touch?(options: O): boolean;
  /** What goes into the flash where that is not the image itself; fails with flash.image. */
  pack?(image: readonly Chunk[], board: Board): Chunk[];
  connect(): Promise<ConnectFlash<O>>;
}

/** A drive that takes a file; src/discover/guessBoards.ts says which drive is whose. */
export interface DriveMethod<O> {
  kind: 'drive';
  title: string;
  copy(): Promise<CopyToDrive<O>>;
}

/** Another program. */
export interface ToolMethod {
  kind: 'tool';
  title: string;
}

/** AN3155 section 2: the highest rate that every boot loader finds. */
export const defaultBaud = 115200;
