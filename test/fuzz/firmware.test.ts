// SPDX-License-Identifier: Apache-2.0
// The firmware's frames and commands against hostile bytes: compiled for this machine with the address and undefined
// behaviour sanitizers, nothing is read or written out of bounds, and each request is answered once or stays silent.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { boardHeader } from '../../src/build/boardHeader.js';
import { loadBoard } from '../../src/build/boards.js';
import { exec } from '../../src/build/exec.js';
import { withWorkFolder } from '../../src/build/workFolder.js';
import { packageRoot } from '../../src/packageRoot.js';
import { isThere, warningFlags } from '../kernels/nativeCases.js';
import { runSeed } from '../kernels/random.js';
import { agentVariants, writeVariant } from '../support/agentVariants.js';

const seed = runSeed();
const cases = 20_000;
const firmware = join(packageRoot, 'runtime-c', 'firmware');
const sources = ['console.c', 'frame.c', 'agent.c', 'agent_text.c'].map((f) => join(firmware, f));
const harness = fileURLToPath(new URL('firmware_fuzz.c', import.meta.url));
const sanitizers = ['-fsanitize=address,undefined,float-cast-overflow', '-fno-sanitize-recover=all', '-g', '-O1'];
const hasCc = await isThere('cc');

/** A board of no registers: without a marker pin, its counter the harness's. */
const { marker: _, ...board } = loadBoard('virtual-m4');

describe('firmware against hostile bytes', () => {
  it.skipIf(!hasCc && !process.env.CI).each(agentVariants.map((v) => [v.name, v] as const))(
    `%s (MOTE_SEED=${seed}; needs cc)`,
    async (_name, variant) => {
      await withWorkFolder(async (folder) => {
        await writeVariant(folder, variant);
        await writeFile(join(folder, 'mote_board.h'), boardHeader(board, 4096));
        const program = join(folder, 'fuzz');
        const compiled = await exec('cc', [
          ...warningFlags,
          ...sanitizers,
          ...variant.defines.map((d) => `-D${d}`),
          `-I${folder}`,
          `-I${firmware}`,
          ...sources,
          harness,
          '-o',
          program,
        ]);
        expect(compiled.stderr).toBe('');
        const ran = await exec(program, [String(seed), String(cases)], { timeoutMs: 60_000 });
        expect(ran).toEqual({ status: 0, stdout: '', stderr: '' });
      });
    },
  );
});
