// SPDX-License-Identifier: Apache-2.0
// How feature maps lie in the KPU's RAM: 2 MiB as 32,768 rows of 64 bytes, planar uint8. Narrow maps share a row
// between channels (nncase's k210_runtime_op_utility.h, kendryte/nncase, Apache-2.0, states the same three layouts).

export const kpuRowBytes = 64;
export const kpuRows = 32_768;
export const kpuRamBytes = kpuRowBytes * kpuRows;

export interface RowLayout {
  /** Channels that share one row. */
  channelsPerRow: number;
  /** Rows of 64 bytes that a line of one channel takes. */
  rowsPerLine: number;
  /** Bytes between channels that share a row. */
  pitchBytes: number;
}

/** The layout that a width has. */
export function rowLayout(width: number): RowLayout {
  if (width <= 16) return { channelsPerRow: 4, rowsPerLine: 1, pitchBytes: 16 };
  if (width <= 32) return { channelsPerRow: 2, rowsPerLine: 1, pitchBytes: 32 };
  return { channelsPerRow: 1, rowsPerLine: Math.ceil(width / kpuRowBytes), pitchBytes: kpuRowBytes };
}

/** A planar map [channels, height, width]. */
export interface MapShape {
  channels: number;
  height: number;
  width: number;
}

export const mapElements = (shape: MapShape): number => shape.channels * shape.height * shape.width;

/** Rows of 64 bytes that a map takes. */
export function mapRows({ channels, height, width }: MapShape): number {
  const { channelsPerRow, rowsPerLine } = rowLayout(width);
  return Math.ceil(channels / channelsPerRow) * rowsPerLine * height;
}

/** First channel of each map where they lie one behind the other and are read as one: a map begins in a row of its own. */
export function joinedBegins(maps: readonly MapShape[]): number[] {
  let at = 0;
  return maps.map(({ channels, width }) => {
    const begin = at;
    const { channelsPerRow } = rowLayout(width);
    at = Math.ceil((begin + channels) / channelsPerRow) * channelsPerRow;
    return begin;
  });
}

/** Calls `each` with the place of every line: its offset in the KPU's layout and in the dense one. */
function forLines(shape: MapShape, each: (kpuOffset: number, denseOffset: number) => void): void {
  const { channelsPerRow, rowsPerLine, pitchBytes } = rowLayout(shape.width);
  const lineBytes = rowsPerLine * kpuRowBytes;
  for (let c = 0; c < shape.channels; c++) {
    const origin = Math.floor(c / channelsPerRow) * lineBytes * shape.height + (c % channelsPerRow) * pitchBytes;
    for (let y = 0; y < shape.height; y++) each(origin + y * lineBytes, (c * shape.height + y) * shape.width);
  }
}

/** Dense [C, H, W] bytes into KPU rows; bytes between lines keep what they held. */
export function uploadMap(dense: Uint8Array, ram: Uint8Array, shape: MapShape): void {
  forLines(shape, (kpu, at) => ram.set(dense.subarray(at, at + shape.width), kpu));
}

/** KPU rows into dense [C, H, W] bytes. */
export function downloadMap(ram: Uint8Array, shape: MapShape): Uint8Array {
  const dense = new Uint8Array(mapElements(shape));
  forLines(shape, (kpu, at) => dense.set(ram.subarray(kpu, kpu + shape.width), at));
  return dense;
}
