// SPDX-License-Identifier: Apache-2.0
// A drive that a board shows to be flashed by copying a file onto it, and what copying gives.
import type { Chunk } from '../build/image.js';
import type { FlashReport } from './flashMemory.js';
import type { FlashProgress } from './progress.js';

export interface FlashDrive {
  /** Where it is mounted. */
  path: string;
  kind: 'uf2' | 'daplink' | 'stlink';
  /** What it says of itself: lines of INFO_UF2.TXT or DETAILS.TXT by key, `label` for an ST-LINK. */
  info: Readonly<Record<string, string>>;
  /** Why it cannot be written, if so. */
  blocked?: string;
}

export interface CopyRequest {
  drive: FlashDrive;
  /** Checked against the board's memory map already. */
  image: readonly Chunk[];
  onProgress?: (progress: FlashProgress) => void;
  onStep?: (text: string) => void;
  signal?: AbortSignal;
  /** Scales the time limits (tests). */
  timeScale?: number;
}

/** Copies the image as the drive wants it and judges what the drive says (it vanishes, FAIL.TXT). */
export type CopyToDrive<Options> = (request: CopyRequest, options: Options) => Promise<FlashReport>;
