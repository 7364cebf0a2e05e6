// SPDX-License-Identifier: Apache-2.0
// Feature maps in memory: up to four tiles with bases of their own, NHWC or NHCWB16 (bricks of 16 channels), elements of
// 1, 2 or 4 bytes. Facts: Ethos-U55 section of the project's NPU reference, Vela's register generator.

export interface MapGeometry {
  height: number;
  width: number;
  depth: number;
  elementBytes: 1 | 2 | 4;
  signed: boolean;
  bricks: boolean;
  /** Of the tiles: left/top, right/top, left/bottom, right/bottom. */
  bases: readonly [number, number, number, number];
  /** Columns of the left tiles. */
  width0: number;
  /** Rows of the top left, and of the top right tile. */
  height0: number;
  height1: number;
  strideX: number;
  strideY: number;
  strideC: number;
}

export const elements = ({ height, width, depth }: MapGeometry): number => height * width * depth;

/** Byte offset in its region of element (y, x, c). */
function offsetOf(map: MapGeometry, y: number, x: number, c: number): number {
  const right = x >= map.width0;
  const tileHeight = right ? map.height1 : map.height0;
  const bottom = y >= tileHeight;
  const base = map.bases[(right ? 1 : 0) + (bottom ? 2 : 0)];
  const row = bottom ? y - tileHeight : y;
  const column = right ? x - map.width0 : x;
  const channel = map.bricks ? (c >> 4) * map.strideC + (c & 15) * map.elementBytes : c * map.elementBytes;
  return base + row * map.strideY + column * map.strideX + channel;
}

type Access = (view: DataView, offset: number) => number;
const readers: Record<string, Access> = {
  '1s': (v, o) => v.getInt8(o),
  '1u': (v, o) => v.getUint8(o),
  '2s': (v, o) => v.getInt16(o, true),
  '2u': (v, o) => v.getUint16(o, true),
  '4s': (v, o) => v.getInt32(o, true),
  '4u': (v, o) => v.getUint32(o, true),
};
const writers: Record<number, (view: DataView, offset: number, value: number) => void> = {
  1: (v, o, value) => v.setUint8(o, value & 0xff),
  2: (v, o, value) => v.setUint16(o, value & 0xffff, true),
  4: (v, o, value) => v.setUint32(o, value >>> 0, true),
};

/** Every element in (y, x, c) order with its place; a place outside the region is `broken`. */
function forElements(
  map: MapGeometry,
  size: number,
  each: (offset: number, index: number) => void,
  broken: (reason: string) => never,
): void {
  let index = 0;
  for (let y = 0; y < map.height; y++)
    for (let x = 0; x < map.width; x++)
      for (let c = 0; c < map.depth; c++) {
        const offset = offsetOf(map, y, x, c);
        if (offset < 0 || offset + map.elementBytes > size)
          broken(`a feature map refers to byte ${offset} of a region of ${size}`);
        each(offset, index++);
      }
}

/** The map as dense [y, x, c] numbers. */
export function readMap(region: Uint8Array, map: MapGeometry, broken: (reason: string) => never): Int32Array {
  const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
  const read = readers[`${map.elementBytes}${map.signed ? 's' : 'u'}`];
  const dense = new Int32Array(elements(map));
  forElements(map, region.length, (offset, index) => (dense[index] = read(view, offset)), broken);
  return dense;
}

/** Dense [y, x, c] numbers into the map. */
export function writeMap(
  region: Uint8Array,
  map: MapGeometry,
  dense: Int32Array,
  broken: (reason: string) => never,
): void {
  const view = new DataView(region.buffer, region.byteOffset, region.byteLength);
  const write = writers[map.elementBytes];
  forElements(map, region.length, (offset, index) => write(view, offset, dense[index]), broken);
}
