// SPDX-License-Identifier: Apache-2.0
// SAM-BA's commands are bare text, and a damaged one may erase anything. An nRF52840 has regions (ACL, product specification)
// that refuse to be erased or written until the next reset. Before anything changes, all that the image does not need is
// made such a region; each register can be written once, and is read back before the region is put into force.
import type { EraseBlock } from './flashMemory.js';
import { SamBaRefusal, type SamBaSession } from './samBaSession.js';

export interface SamBaLocks {
  /** First register of the first region: address, size and permission of each, `stride` bytes apart. */
  register: number;
  stride: number;
  count: number;
  /** Largest region, which the flash is a multiple of. */
  mostBytes: number;
  flashBytes: number;
}

const writeProtected = 2;

/** What lies between the blocks, in at most `most` regions: where there are more, the smallest stay open. */
export function regionsBeside(
  blocks: readonly EraseBlock[],
  { flashBytes, mostBytes, count }: SamBaLocks,
): EraseBlock[] {
  const gaps: EraseBlock[] = [];
  let at = 0;
  const addGap = (to: number) => {
    for (; at < to; at += mostBytes) gaps.push({ address: at, bytes: Math.min(mostBytes, to - at) });
  };
  for (const { address, bytes } of blocks) {
    addGap(address);
    at = address + bytes;
  }
  addGap(flashBytes);
  const largest = [...gaps].sort((a, b) => b.bytes - a.bytes).slice(0, count);
  return gaps.filter((gap) => largest.includes(gap));
}

interface Region extends EraseBlock {
  permission: number;
}

async function readRegions(session: SamBaSession, { register, stride, count }: SamBaLocks): Promise<Region[]> {
  const regions: Region[] = [];
  for (let i = 0; i < count; i++) {
    const at = register + i * stride;
    const [address, bytes] = [await session.readWord(at), await session.readWord(at + 4)];
    regions.push({ address, bytes, permission: await session.readWord(at + 8) });
  }
  return regions;
}

/**
 * Locks all flash outside of `blocks` (in order of address). What is locked already stays so until the next reset: where
 * that is part of `blocks`, only a reset helps.
 */
export async function lockOthers(
  session: SamBaSession,
  locks: SamBaLocks,
  blocks: readonly EraseBlock[],
): Promise<void> {
  const there = await readRegions(session, locks);
  const inForce = there.filter((region) => region.permission !== 0 && region.bytes !== 0);
  const overlaps = (region: EraseBlock) =>
    blocks.some((b) => b.address < region.address + region.bytes && region.address < b.address + b.bytes);
  if (inForce.some(overlaps))
    throw new SamBaRefusal(
      'part of its flash is locked until the next reset: press the reset button twice, then try again',
    );
  const same = (a: EraseBlock, b: EraseBlock) => a.address === b.address && a.bytes === b.bytes;
  const wanted = regionsBeside(blocks, locks).filter((region) => !inForce.some((other) => same(region, other)));
  const free = there.flatMap(({ address, bytes, permission }, i) => (address || bytes || permission ? [] : [i]));
  for (const region of wanted) {
    const slot = free.shift();
    if (slot === undefined) throw new SamBaRefusal('it has no region left to lock its flash with');
    await lockRegion(session, locks.register + slot * locks.stride, region);
  }
}

/** A register that took another value is spent: the caller begins anew, and finds another. */
async function lockRegion(session: SamBaSession, register: number, { address, bytes }: EraseBlock): Promise<void> {
  // An address of zero is what the register holds; writing it would spend nothing and prove nothing.
  for (const [at, value] of [
    [register, address],
    [register + 4, bytes],
    [register + 8, writeProtected],
  ]) {
    if (value === 0) continue;
    await session.writeWord(at, value);
    const held = await session.readWord(at);
    if (held !== value) throw new SamBaRefusal(`register 0x${at.toString(16)} holds 0x${held.toString(16)}`);
  }
}
