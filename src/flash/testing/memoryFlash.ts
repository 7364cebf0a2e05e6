// SPDX-License-Identifier: Apache-2.0
// A FlashMemory in this process that behaves like flash (writing only clears bits, an erase sets them), records what is
// done to it, and fails where a test says so.
import { createHash } from 'node:crypto';
import { blockEnd } from '../eraseBlocks.js';
import type { EraseBlock, FlashMemory } from '../flashMemory.js';

export interface Deed {
  kind: 'erase' | 'write' | 'read' | 'digest' | 'start';
  address: number;
  bytes: number;
}

export interface MemoryFlashOptions {
  blocks: EraseBlock[];
  writeAlignBytes?: number;
  /** `erasing`: writing erases what it writes, and there is no erase. */
  writes?: 'clearing' | 'erasing';
  proof?: 'read' | 'digest' | 'both' | 'none';
  /** Changes what is read on its way back; reads then count as unchecked. */
  onLine?: (bytes: Uint8Array, read: number) => void;
  /** Before each deed; may throw or change the memory. */
  before?: (deed: Deed, cells: Uint8Array) => void;
}

export interface MemoryFlash {
  memory: FlashMemory;
  deeds: Deed[];
  /** Cell of `blocks[0].address` first. */
  cells: Uint8Array;
}

export function memoryFlash(options: MemoryFlashOptions): MemoryFlash {
  const { blocks, writeAlignBytes = 4, writes = 'clearing', proof = 'read', onLine, before } = options;
  const base = blocks[0].address;
  const cells = new Uint8Array(blockEnd(blocks[blocks.length - 1]) - base).fill(0x5a);
  const deeds: Deed[] = [];
  const note = (kind: Deed['kind'], address: number, bytes: number) => {
    const deed = { kind, address, bytes };
    before?.(deed, cells);
    deeds.push(deed);
  };
  const memory: FlashMemory = {
    chip: 'test chip',
    blocks,
    writeAlignBytes,
    erasedByte: 0xff,
    async write(address, bytes, onBytes) {
      if (address % writeAlignBytes !== 0 || bytes.length % writeAlignBytes !== 0) throw new Error('unaligned write');
      note('write', address, bytes.length);
      bytes.forEach((b, i) => {
        cells[address - base + i] = writes === 'erasing' ? b : cells[address - base + i] & b;
      });
      onBytes(bytes.length);
    },
    ...(writes === 'clearing' && {
      erase: async (list: readonly EraseBlock[]) => {
        for (const block of list) {
          if (!blocks.includes(block)) throw new Error('not a block');
          note('erase', block.address, block.bytes);
          cells.fill(0xff, block.address - base, blockEnd(block) - base);
        }
      },
    }),
    ...(onLine && { readUnchecked: true as const }),
    ...((proof === 'read' || proof === 'both') && {
      read: async (address: number, count: number, onBytes: (done: number) => void) => {
        note('read', address, count);
        onBytes(count);
        const bytes = cells.slice(address - base, address - base + count);
        onLine?.(bytes, deeds.filter((d) => d.kind === 'read').length);
        return bytes;
      },
    }),
    ...((proof === 'digest' || proof === 'both') && {
      digest: async (address: number, count: number) => {
        note('digest', address, count);
        const hex = createHash('md5')
          .update(cells.subarray(address - base, address - base + count))
          .digest('hex');
        return { kind: 'md5' as const, hex };
      },
    }),
    start: async () => note('start', 0, 0),
  };
  return { memory, deeds, cells };
}
