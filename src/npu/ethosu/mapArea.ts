// SPDX-License-Identifier: Apache-2.0
// Parts of feature maps as the blocks of an operation see them, and whether two of them share a byte of memory.
import type { MapRegisters } from './operation.js';

export interface Point {
  y: number;
  x: number;
  c: number;
}

/** Elements from `from` up to, but without, `to`. */
export interface Area {
  map: MapRegisters;
  from: Point;
  to: Point;
}

interface Range {
  start: number;
  end: number;
}

const brickDepth = 16;

/** The part of an area that lies inside of its map. */
export function clipped({ map, from, to }: Area): Area {
  const inside = (value: number, size: number): number => Math.min(size, Math.max(0, value));
  return {
    map,
    from: { y: inside(from.y, map.height), x: inside(from.x, map.width), c: inside(from.c, map.depth) },
    to: { y: inside(to.y, map.height), x: inside(to.x, map.width), c: inside(to.c, map.depth) },
  };
}

const sameMemory = (a: MapRegisters, b: MapRegisters): boolean =>
  a.bases.every((base, i) => base === b.bases[i]) &&
  (['height', 'width', 'depth', 'elementBytes', 'bricks', 'width0', 'height0', 'height1'] as const).every(
    (key) => a[key] === b[key],
  ) &&
  (['strideY', 'strideX', 'strideC'] as const).every((key) => a[key] === b[key]);

const crosses = (a: Area, b: Area): boolean =>
  (['y', 'x', 'c'] as const).every((d) => Math.max(a.from[d], b.from[d]) < Math.min(a.to[d], b.to[d]));

/** Where the channels [from, to) of a position lie, from its first byte on. */
function channelRanges({ bricks, strideC, elementBytes }: MapRegisters, from: number, to: number): Range[] {
  if (!bricks) return [{ start: from * elementBytes, end: to * elementBytes }];
  const found: Range[] = [];
  for (let c = from; c < to; c = Math.floor(c / brickDepth + 1) * brickDepth) {
    const brick = Math.floor(c / brickDepth);
    const last = Math.min(to, (brick + 1) * brickDepth);
    const at = (channel: number): number => brick * strideC + (channel - brick * brickDepth) * elementBytes;
    found.push({ start: at(c), end: at(last) });
  }
  return found;
}

/** First byte of a position, by the tile that it is in. */
function positionOf(map: MapRegisters, y: number, x: number): number {
  const right = x >= map.width0;
  const rows = right ? map.height1 : map.height0;
  const below = y >= rows;
  const base = map.bases[(right ? 1 : 0) + (below ? 2 : 0)];
  return base + (below ? y - rows : y) * map.strideY + (right ? x - map.width0 : x) * map.strideX;
}

/** Byte ranges of an area, the lowest first. */
function rangesOf({ map, from, to }: Area): Range[] {
  const channels = from.c < to.c ? channelRanges(map, from.c, to.c) : [];
  const found: Range[] = [];
  for (let y = from.y; y < to.y; y++)
    for (let x = from.x; x < to.x; x++) {
      const at = positionOf(map, y, x);
      for (const { start, end } of channels) found.push({ start: at + start, end: at + end });
    }
  return found.sort((a, b) => a.start - b.start);
}

function rangesMeet(a: readonly Range[], b: readonly Range[]): boolean {
  for (let i = 0, k = 0; i < a.length && k < b.length; ) {
    if (a[i].start < b[k].end && b[k].start < a[i].end) return true;
    if (a[i].end < b[k].end) i++;
    else k++;
  }
  return false;
}

/** Whether two areas inside of their maps share a byte. */
export function areasMeet(a: Area, b: Area): boolean {
  if (a.map.region !== b.map.region) return false;
  return sameMemory(a.map, b.map) ? crosses(a, b) : rangesMeet(rangesOf(a), rangesOf(b));
}
