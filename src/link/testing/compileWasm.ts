// SPDX-License-Identifier: Apache-2.0
// Test only: C files of the firmware to a WebAssembly module, with the compiler and warnings of the real build.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { loadTarget } from '../../build/boards.js';
import { openToolchain } from '../../build/toolchain.js';
import { withWorkFolder } from '../../build/workFolder.js';

export async function compileWasm(sources: readonly string[], includes: readonly string[]): Promise<Uint8Array> {
  return withWorkFolder(async (workFolder) => {
    const output = join(workFolder, 'module.wasm');
    await openToolchain('zig').compileAndLink({
      target: loadTarget('wasm32'),
      sources,
      includes,
      defines: [],
      linkArgs: ['-Wl,--no-entry'],
      workFolder,
      output,
    });
    return readFile(output);
  });
}
