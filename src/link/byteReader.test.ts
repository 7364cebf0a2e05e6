// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { ByteReader, LinkClosed, ReadTimeout } from './byteReader.js';
import { memoryLink } from './memoryLink.js';

const bytes = (...values: number[]) => Uint8Array.from(values);

describe('ByteReader', () => {
  it('joins what comes in pieces and keeps the rest', async () => {
    const { near, far } = memoryLink('test');
    const reader = new ByteReader(near);
    const four = reader.take(4, 1000);
    far.send(bytes(1));
    far.send(bytes(2, 3));
    setTimeout(() => far.send(bytes(4, 5)), 5);
    expect(await four).toEqual(bytes(1, 2, 3, 4));
    expect(reader.waiting).toBe(1);
    expect(reader.discard()).toEqual(bytes(5));
  });

  it('reads through an end byte', async () => {
    const { near, far } = memoryLink('test');
    const reader = new ByteReader(near);
    far.send(bytes(7, 8, 0xc0, 9));
    expect(await reader.takeThrough(0xc0, 1000)).toEqual(bytes(7, 8, 0xc0));
    await expect(reader.takeThrough(0xc0, 10)).rejects.toThrow(ReadTimeout);
    far.send(bytes(1, 2, 3, 4));
    await expect(reader.takeThrough(0xc0, 1000, 4)).rejects.toThrow(ReadTimeout);
  });

  it('tells silence from a broken link', async () => {
    const { near, far } = memoryLink('test');
    const reader = new ByteReader(near);
    far.send(bytes(1));
    await expect(reader.take(2, 10)).rejects.toThrow(ReadTimeout);
    setTimeout(() => far.break('unplugged'), 5);
    await expect(reader.take(2, 1000)).rejects.toThrow(new LinkClosed('unplugged'));
    expect(await reader.take(1, 0)).toEqual(bytes(1));
  });
});
