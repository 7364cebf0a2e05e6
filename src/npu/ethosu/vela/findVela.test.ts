// SPDX-License-Identifier: Apache-2.0
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { requireVela, velaVersion } from './findVela.js';
import { layerCycles, readCsv, totalCycles } from './velaCosts.js';

describe.skipIf(process.platform === 'win32')('requireVela', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'mote-vela-'));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const fake = (says: string): string => {
    const path = join(folder, 'vela');
    writeFileSync(path, `#!/bin/sh\necho '${says}'\n`);
    chmodSync(path, 0o755);
    vi.stubEnv('MOTE_VELA', path);
    return path;
  };

  it('takes the version whose streams were compared', async () => {
    const path = fake(velaVersion);
    expect(await requireVela()).toBe(path);
  });

  it.each(['3.12.0', '', 'no version'])('names another one: %j', async (says) => {
    fake(says);
    await expect(requireVela()).rejects.toMatchObject({ code: 'npu.tool', exit: 9 });
  });

  it('says what to install where there is none', async () => {
    vi.stubEnv('MOTE_VELA', join(folder, 'nothing'));
    await expect(requireVela()).rejects.toMatchObject({
      code: 'tool.missing',
      help: expect.stringContaining(`ethos-u-vela==${velaVersion}`),
    });
  });
});

describe("Vela's CSV files", () => {
  it('are read by their titles, quotes and commas included', () => {
    expect(readCsv('a,b\n1,"x, ""y"""\n')).toEqual([
      new Map([
        ['a', '1'],
        ['b', 'x, "y"'],
      ]),
    ]);
    expect(totalCycles('network,cycles_total\npart,89900\n')).toBe(89900);
    expect(totalCycles('network\npart\n')).toBeUndefined();
    expect(layerCycles('Op Cycles,Name\n12,t1\n,t2\n')).toEqual([{ name: 't1', cycles: 12 }]);
  });
});
