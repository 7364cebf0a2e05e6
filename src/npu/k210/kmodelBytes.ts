// SPDX-License-Identifier: Apache-2.0
// The little-endian words of a kmodel: memory ranges and shapes, read and written.

export const areas = { constants: 0, main: 1, kpu: 2 } as const;
export type Area = keyof typeof areas;
export const valueTypes = { float32: 0, uint8: 1 } as const;
export type ValueType = keyof typeof valueTypes;

export interface MemoryRange {
  area: Area;
  type: ValueType;
  startBytes: number;
  bytes: number;
}

export type Shape4 = readonly [n: number, c: number, h: number, w: number];

export type Broken = (reason: string) => never;

function nameOf<K extends string>(table: Record<K, number>, value: number, what: string, broken: Broken): K {
  const found = (Object.keys(table) as K[]).find((key) => table[key] === value);
  return found ?? broken(`${what} ${value} is none that version 4 has`);
}

export class Reader {
  private at = 0;
  private readonly view: DataView;
  constructor(
    private readonly bytes: Uint8Array,
    private readonly broken: Broken,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  take(count: number, what: string): DataView {
    if (count > this.bytes.length - this.at)
      this.broken(`${what} needs ${count} bytes at ${this.at}, the file ends before`);
    const part = new DataView(this.view.buffer, this.view.byteOffset + this.at, count);
    this.at += count;
    return part;
  }

  skip = (count: number, what: string): void => void this.take(count, what);
  u32 = (what: string): number => this.take(4, what).getUint32(0, true);

  i32 = (what: string): number => this.take(4, what).getInt32(0, true);
  f32 = (what: string): number => this.take(4, what).getFloat32(0, true);

  copy(count: number, what: string): Uint8Array {
    const { buffer, byteOffset } = this.take(count, what);
    return new Uint8Array(buffer, byteOffset, count).slice();
  }

  /** A range that is left out is all zero, and its area says nothing. */
  range(): MemoryRange {
    const [area, type, startBytes, bytes] = Array.from({ length: 4 }, () => this.u32('a memory range'));
    return {
      area: nameOf(areas, area, 'memory area', this.broken),
      type: nameOf(valueTypes, type, 'value type', this.broken),
      startBytes,
      bytes,
    };
  }

  shape(): Shape4 {
    const [n, c, h, w] = Array.from({ length: 4 }, () => this.u32('a shape'));
    return [n, c, h, w];
  }
}

/** What a kmodel's bytes are put together in. */
export class Writer {
  private readonly parts: Uint8Array[] = [];
  length = 0;

  bytes(part: Uint8Array): this {
    this.parts.push(part);
    this.length += part.length;
    return this;
  }

  u32(...values: readonly number[]): this {
    return this.bytes(new Uint8Array(Uint32Array.from(values).buffer));
  }

  f32(...values: readonly number[]): this {
    return this.bytes(new Uint8Array(Float32Array.from(values).buffer));
  }

  range({ area, type, startBytes, bytes }: MemoryRange): this {
    return this.u32(areas[area], valueTypes[type], startBytes, bytes);
  }

  whole(): Uint8Array {
    return Uint8Array.from(Buffer.concat(this.parts));
  }
}
