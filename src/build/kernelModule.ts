// SPDX-License-Identifier: Apache-2.0
// Kernels -> one WebAssembly module that exports each of them by its name, and nothing of any model. The caller writes
// parameters and constants into its memory, from __heap_base on.
import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runtimeFiles } from '../emit/runtimeFiles.js';
import type { Target } from '../generated/target.js';
import { kernelFolder, kernelTable } from '../ops/kernels.js';
import { packageRoot } from '../packageRoot.js';
import { openToolchain, zigPath } from './toolchain.js';
import { cachedModule, type WasmCache } from './wasmCache.js';
import { withWorkFolder } from './workFolder.js';

const stackBytes = 64 * 1024;
const linkArgs = ['-Wl,--no-entry', `-Wl,-z,stack-size=${stackBytes}`, '-Wl,--export=__heap_base'];

async function compile(kernels: readonly string[], target: Target): Promise<Uint8Array> {
  const sourceOf = new Map(kernelTable().map((row) => [row.name, row.source]));
  return withWorkFolder(async (workFolder) => {
    const output = join(workFolder, 'kernels.wasm');
    await openToolchain('zig').compileAndLink({
      target,
      sources: kernels.map((name) => join(kernelFolder, sourceOf.get(name) as string)),
      includes: [join(packageRoot, 'runtime-c', 'include'), join(packageRoot, 'runtime-c', 'firmware', 'libc')],
      defines: [],
      linkArgs: [...linkArgs, ...kernels.map((name) => `-Wl,--export=${name}`)],
      workFolder,
      output,
    });
    return readFile(output);
  });
}

/** Of everything that the module is made from: sources and headers, flags, compiler (which file it is: asking it takes as
 *  long as all the rest). */
async function hashOf(kernels: readonly string[], target: Target): Promise<string> {
  const { size, mtimeMs } = await stat(zigPath());
  const compiler = [zigPath(), size, mtimeMs];
  const files = [...runtimeFiles(kernels, [])].sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([compiler, target.zig, linkArgs, kernels, files]))
    .digest('hex');
}

/** The module of these kernels for this target (wasm32), from the cache where it has been made before. */
export async function buildKernelModule(
  names: Iterable<string>,
  target: Target,
  cache: WasmCache,
): Promise<WebAssembly.Module> {
  const kernels = [...new Set(names)].sort();
  return cachedModule(cache, await hashOf(kernels, target), () => compile(kernels, target));
}
