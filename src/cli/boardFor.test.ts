// SPDX-License-Identifier: Apache-2.0
// A pack on a board of another processor: run, flash, build and profile all ask boardFor.
import { describe, expect, it } from 'vitest';
import type { PackManifest } from '../generated/pack.js';
import { boardFor } from './commands/build.js';

const pack = (target: string, board: string): PackManifest => ({ target, board }) as PackManifest;

describe('boardFor', () => {
  it('takes the board of the pack, and others of its target', () => {
    expect(boardFor(pack('k210', 'virtual-k210'), undefined).id).toBe('virtual-k210');
    expect(boardFor(pack('k210', 'virtual-k210'), 'maix-bit').id).toBe('maix-bit');
  });

  it.each([
    ['rv64imafdc', 'virtual-rv64', 'virtual-rv32', 'rv32imc'],
    ['rv32imc', 'virtual-rv32', 'virtual-rv64', 'rv64imafdc'],
    ['k210', 'maix-bit', 'virtual-rv64', 'rv64imafdc'],
    ['ethos-u55-128', 'virtual-ethos-u55-128', 'grove-vision-ai-v2', 'ethos-u55-64'],
  ])('says that a pack for %s of %s is none for %s', (target, of, id, other) => {
    expect(() => boardFor(pack(target, of), id)).toThrow(
      expect.objectContaining({
        code: 'usage.bad',
        message: `the pack is for ${target}, ${id} is a ${other}: pack it again with --board ${id}`,
      }),
    );
  });
});
