// SPDX-License-Identifier: Apache-2.0
// Pack folder -> WebAssembly module: the same C as on a board, for the host.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { PackManifest } from '../generated/pack.js';
import { hostNpuOf } from '../npu/hostNpus.js';
import { packageRoot } from '../packageRoot.js';
import { loadTarget } from './boards.js';
import { openToolchain } from './toolchain.js';
import { withWorkFolder } from './workFolder.js';

const stackBytes = 64 * 1024;

/** Compiles the pack for this machine; runtime-c/firmware/wasm_host.c lists what the module exports. */
export async function buildWasm(dir: string, manifest: PackManifest): Promise<Uint8Array> {
  const firmware = join(packageRoot, 'runtime-c', 'firmware');
  const { sources, layerSources, kernels } = manifest.files;
  const npu = manifest.npu && hostNpuOf(manifest.npu.backend);
  return withWorkFolder(async (workFolder) => {
    const output = join(workFolder, 'model.wasm');
    await openToolchain('zig').compileAndLink({
      target: loadTarget('wasm32'),
      sources: [
        ...[...sources, ...layerSources, ...kernels].map((f) => join(dir, f)),
        join(firmware, 'wasm_host.c'),
        ...(npu ? [join(packageRoot, 'runtime-c', 'host', npu.source)] : []),
      ],
      includes: [dir, join(firmware, 'libc')],
      defines: npu?.defines ?? [],
      linkArgs: ['-Wl,--no-entry', `-Wl,-z,stack-size=${stackBytes}`],
      workFolder,
      output,
    });
    return readFile(output);
  });
}
