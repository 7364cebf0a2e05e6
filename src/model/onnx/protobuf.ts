// SPDX-License-Identifier: Apache-2.0
// Protocol Buffers through `pbf`, with the checks that hostile bytes need.
// Wire format: https://protobuf.dev/programming-guides/encoding/
//
// Promise: a message is read within its own bytes, every list has a limit, the number of fields of a file has a limit
// (so objects cannot outgrow the file by much), nothing recurses, and only MoteError comes out.
import { PbfReader } from 'pbf';
import { fail, MoteError } from '../../cli/errors.js';
import { maxItems, maxListLength } from '../limits.js';

const maxFields = 1_000_000;
const maxTextBytes = 65_536;
const wire = { varint: 0, fixed64: 1, bytes: 2, fixed32: 5 } as const;

/** How to fill a message: what to do at each field number. Other numbers are skipped. */
export interface MessageType<T> {
  empty: () => T;
  fields: Readonly<Record<number, (message: T, reader: FieldReader) => void>>;
}

/** Counts the fields of one file. */
export class Meter {
  private fields = 0;

  count(): void {
    if (++this.fields > maxFields) damaged(`it has more than ${maxFields} fields`);
  }
}

export function damaged(reason: string): never {
  return fail('model.broken', { reason });
}

export function readMessage<T>(bytes: Uint8Array, type: MessageType<T>, meter: Meter): T {
  const message = type.empty();
  const pbf = new PbfReader(bytes);
  const reader = new FieldReader(pbf, meter);
  try {
    for (let field = pbf.nextField(); field !== 0; field = pbf.nextField()) {
      meter.count();
      type.fields[field]?.(message, reader);
      if (pbf.pos > bytes.length) damaged('a field is longer than the message around it');
    }
  } catch (error) {
    // pbf throws plain Error or RangeError for an unknown wire type, a varint without end and a cut number.
    if (error instanceof MoteError || !(error instanceof Error)) throw error;
    damaged(`it does not decode as Protocol Buffers (${error.message})`);
  }
  if (pbf.pos !== bytes.length) damaged('a message does not end where it says');
  return message;
}

/** The value of the field that was just announced. */
export class FieldReader {
  constructor(
    private readonly pbf: PbfReader,
    private readonly meter: Meter,
  ) {}

  int(): number {
    this.expect(wire.varint);
    return this.pbf.readVarint(true);
  }

  float(): number {
    this.expect(wire.fixed32);
    return this.pbf.readFloat();
  }

  /** A view of the file, not a copy. */
  bytes(): Uint8Array {
    this.expect(wire.bytes);
    const end = this.pbf.readVarint() + this.pbf.pos;
    if (!(end <= this.pbf.length)) damaged('a field is longer than the message around it');
    const view = this.pbf.buf.subarray(this.pbf.pos, end);
    this.pbf.pos = end;
    return view;
  }

  text(): string {
    return new TextDecoder().decode(this.bytes().subarray(0, maxTextBytes));
  }

  message<T>(type: MessageType<T>): T {
    return readMessage(this.bytes(), type, this.meter);
  }

  /** One more entry of a repeated field. */
  add<V>(list: V[], value: V): void {
    if (list.length >= maxItems) damaged(`a list has more than ${maxItems} entries`);
    list.push(value);
  }

  /** Entries of a repeated number, packed or not. */
  addNumbers(list: number[], kind: 'int' | 'float'): void {
    if (this.pbf.type !== wire.bytes) {
      list.push(kind === 'int' ? this.int() : this.float());
    } else {
      const packed = new PbfReader(this.bytes());
      while (packed.pos < packed.length && list.length <= maxListLength) {
        list.push(kind === 'int' ? packed.readVarint(true) : packed.readFloat());
      }
      if (packed.pos > packed.length) damaged('a list is cut off');
    }
    if (list.length > maxListLength) damaged(`a list has more than ${maxListLength} numbers`);
  }

  /** Like addNumbers, but keeps the encoded bytes: tensor contents, decoded when their type is known. */
  addSegment(list: Uint8Array[]): void {
    if (list.length >= maxListLength) damaged('a tensor is written element by element');
    if (this.pbf.type === wire.bytes) {
      list.push(this.bytes());
      return;
    }
    const start = this.pbf.pos;
    this.pbf.skip(this.pbf.type);
    list.push(this.pbf.buf.subarray(start, this.pbf.pos));
  }

  private expect(type: number): void {
    if (this.pbf.type !== type) damaged(`a field has wire type ${this.pbf.type}, not ${type}`);
  }
}

/** The varints of packed segments, in order. */
export function* varints(segments: readonly Uint8Array[]): Generator<number> {
  for (const segment of segments) {
    const pbf = new PbfReader(segment);
    while (pbf.pos < segment.length) yield nextVarint(pbf);
    if (pbf.pos !== segment.length) damaged('a number is cut off');
  }
}

function nextVarint(pbf: PbfReader): number {
  try {
    return pbf.readVarint(true);
  } catch {
    return damaged('a number has no end');
  }
}
