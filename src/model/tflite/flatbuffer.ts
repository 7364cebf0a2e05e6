// SPDX-License-Identifier: Apache-2.0
// Bounds-checked, table-driven view of a FlatBuffer. Layout: https://flatbuffers.dev/internals/
//
// Promise: every read is inside the buffer or ends in MoteError `model.broken`. All that is copied out is charged to a
// budget of a few times the file's size, so that many offsets to the same bytes cannot multiply the file.
import { ByteBuffer } from 'flatbuffers';
import { fail } from '../../cli/errors.js';
import { maxItems, maxListLength } from '../limits.js';

interface Values {
  bool: boolean;
  int8: number;
  uint8: number;
  int32: number;
  uint32: number;
  uint64: number;
  float32: number;
  string: string | undefined;
  /** A view, not a copy. */
  bytes: Uint8Array | undefined;
  int32s: number[];
  int64s: number[];
  float32s: number[];
  table: FlatTable | undefined;
  tables: FlatTable[];
}

export type FieldType = keyof Values;
export interface Field<T extends FieldType = FieldType> {
  /** Position in the schema's table, from 0. */
  id: number;
  type: T;
  default?: number;
}

const maxScaleCount = 1_048_576;
const maxStringBytes = 65_536;

export class FlatBuffer {
  readonly reader: ByteBuffer;
  readonly size: number;
  private budgetBytes: number;

  constructor(readonly bytes: Uint8Array) {
    this.reader = new ByteBuffer(bytes);
    this.size = bytes.length;
    this.budgetBytes = 8 * bytes.length + 1_048_576;
  }

  root(): FlatTable {
    this.need(0, 4);
    return new FlatTable(this, this.reader.readUint32(0));
  }

  /** Damage: the bytes contradict the format. */
  damaged(reason: string): never {
    return fail('model.broken', { reason });
  }

  /** Bytes at..at+length must exist. */
  need(at: number, length: number): void {
    if (!(at >= 0 && length >= 0 && at + length <= this.size)) {
      this.damaged(`it refers to byte ${at + length} of a file of ${this.size}`);
    }
  }

  charge(bytes: number): void {
    this.budgetBytes -= bytes;
    if (this.budgetBytes < 0) this.damaged('it uses the same bytes over and over');
  }

  /** Where the object starts that the unsigned offset at `at` points to. */
  follow(at: number): number {
    this.need(at, 4);
    return at + this.reader.readUint32(at);
  }

  /** Start and length of the vector that the offset at `at` points to. */
  vector(at: number, elementBytes: number, maxLength: number): { start: number; length: number } {
    const position = this.follow(at);
    this.need(position, 4);
    const length = this.reader.readUint32(position);
    this.need(position + 4, length * elementBytes);
    if (length > maxLength) this.damaged(`a list of ${length} entries is not plausible`);
    return { start: position + 4, length };
  }

  list<V>(at: number, elementBytes: number, maxLength: number, read: (at: number) => V): V[] {
    const { start, length } = this.vector(at, elementBytes, maxLength);
    this.charge(length * elementBytes);
    return Array.from({ length }, (_, i) => read(start + i * elementBytes));
  }
}

type Reader<T extends FieldType> = (b: FlatBuffer, at: number) => Values[T];
interface TypeRow<T extends FieldType> {
  /** Bytes in the table itself: the scalar, or the offset. */
  bytes: number;
  read: Reader<T>;
  absent(value: number | undefined): Values[T];
}

const number = (value: number | undefined): number => value ?? 0;
const types: { [T in FieldType]: TypeRow<T> } = {
  bool: { bytes: 1, read: (b, at) => b.reader.readUint8(at) !== 0, absent: (v) => number(v) !== 0 },
  int8: { bytes: 1, read: (b, at) => b.reader.readInt8(at), absent: number },
  uint8: { bytes: 1, read: (b, at) => b.reader.readUint8(at), absent: number },
  int32: { bytes: 4, read: (b, at) => b.reader.readInt32(at), absent: number },
  uint32: { bytes: 4, read: (b, at) => b.reader.readUint32(at), absent: number },
  uint64: { bytes: 8, read: (b, at) => Number(b.reader.readUint64(at)), absent: number },
  float32: { bytes: 4, read: (b, at) => b.reader.readFloat32(at), absent: number },
  string: { bytes: 4, read: readText, absent: () => undefined },
  bytes: { bytes: 4, read: readBytes, absent: () => undefined },
  int32s: { bytes: 4, read: (b, at) => b.list(at, 4, maxListLength, (p) => b.reader.readInt32(p)), absent: () => [] },
  int64s: {
    bytes: 4,
    read: (b, at) => b.list(at, 8, maxScaleCount, (p) => Number(b.reader.readInt64(p))),
    absent: () => [],
  },
  float32s: {
    bytes: 4,
    read: (b, at) => b.list(at, 4, maxScaleCount, (p) => b.reader.readFloat32(p)),
    absent: () => [],
  },
  table: { bytes: 4, read: (b, at) => new FlatTable(b, b.follow(at)), absent: () => undefined },
  tables: {
    bytes: 4,
    read: (b, at) => b.list(at, 4, maxItems, (p) => new FlatTable(b, b.follow(p))),
    absent: () => [],
  },
};

function readBytes(b: FlatBuffer, at: number): Uint8Array {
  const { start, length } = b.vector(at, 1, b.size);
  return b.bytes.subarray(start, start + length);
}

function readText(b: FlatBuffer, at: number): string {
  const { start, length } = b.vector(at, 1, b.size);
  const kept = Math.min(length, maxStringBytes);
  b.charge(kept);
  return new TextDecoder().decode(b.bytes.subarray(start, start + kept));
}

/** One table of the buffer; fields are read when asked for. */
export class FlatTable {
  private readonly vtable: number;
  private readonly vtableBytes: number;

  constructor(
    private readonly buffer: FlatBuffer,
    private readonly position: number,
  ) {
    buffer.need(position, 4);
    this.vtable = position - buffer.reader.readInt32(position);
    buffer.need(this.vtable, 4);
    this.vtableBytes = buffer.reader.readUint16(this.vtable);
    if (this.vtableBytes < 4) buffer.damaged(`the table at byte ${position} has no layout`);
    buffer.need(this.vtable, this.vtableBytes);
  }

  get<T extends FieldType>(field: Field<T>): Values[T] {
    const row: TypeRow<T> = types[field.type];
    const slot = 4 + 2 * field.id;
    const offset = slot + 2 <= this.vtableBytes ? this.buffer.reader.readUint16(this.vtable + slot) : 0;
    if (offset === 0) return row.absent(field.default);
    this.buffer.need(this.position + offset, row.bytes);
    return row.read(this.buffer, this.position + offset);
  }
}
