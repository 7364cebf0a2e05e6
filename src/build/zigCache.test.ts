// SPDX-License-Identifier: Apache-2.0
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { zigCache } from './zigCache.js';

const folder = mkdtempSync(join(tmpdir(), 'mote-test-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = join(folder, 'file');
writeFileSync(file, '');

describe.skipIf(process.platform === 'win32')("zig's cache", () => {
  it('is its own where that can be written, or where it is told', () => {
    expect(zigCache({ HOME: folder }, folder)).toEqual({});
    expect(existsSync(join(folder, '.cache', 'zig'))).toBe(true);
    expect(zigCache({ HOME: file, ZIG_GLOBAL_CACHE_DIR: '/x' }, folder)).toEqual({});
  });

  it('is a private folder where there is no home, and none that others can write', () => {
    const { ZIG_GLOBAL_CACHE_DIR: own } = zigCache({ HOME: file }, folder);
    expect(own).toBe(join(folder, `mote-zig-${process.getuid?.()}`));
    expect(zigCache({}, folder)).toEqual({ ZIG_GLOBAL_CACHE_DIR: own });
    chmodSync(own as string, 0o777);
    expect(zigCache({}, folder)).toEqual({});
  });
});
