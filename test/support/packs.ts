// SPDX-License-Identifier: Apache-2.0
// Packs on disk for tests: one temporary folder per test file.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { buildWasm } from '../../src/build/wasm.js';
import { writeFolder } from '../../src/cli/files.js';
import { HostModel } from '../../src/device/wasm.js';
import type { PackManifest } from '../../src/generated/pack.js';
import { buildHost, openHostPack } from '../../src/packFolder.js';
import { packModel } from '../../src/packModel.js';
import type { PackRequest } from '../../src/packRequest.js';
import { sharedFile } from './shared.js';

export interface TestPack {
  dir: string;
  manifest: PackManifest;
  /** Of a pack for wasm32, which is its plain C: the pack with SIMD that this one came with. */
  simd?: TestPack;
}

export class PackRoom {
  readonly folder: string = mkdtempSync(join(tmpdir(), 'mote-test-'));

  /** Packs a file of ../shared into its own folder. */
  async pack(file: string, request: Partial<PackRequest> & { target: string }): Promise<TestPack> {
    return this.packBytes(sharedFile(file), basename(file), request);
  }

  async packBytes(
    bytes: Uint8Array,
    fileName: string,
    request: Partial<PackRequest> & { target: string },
  ): Promise<TestPack> {
    const result = await packModel({ bytes, fileName, ...request });
    const dir = join(
      this.folder,
      `${result.manifest.name}-${request.target}-${result.manifest.prefer}-${result.manifest.rounding}-${result.manifest.arithmetic}`,
    );
    await writeFolder(dir, result.files);
    const pack = { dir, manifest: result.manifest };
    return request.target === 'wasm32' ? { ...(await openHostPack(pack)), simd: pack } : pack;
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Its own C, which must be for wasm32. */
export const ownOf = async ({ dir, manifest }: TestPack): Promise<HostModel> =>
  HostModel.open(await buildWasm(dir, manifest), manifest);

export async function hostOf(pack: TestPack): Promise<HostModel> {
  const { wasm, manifest } = await buildHost(pack);
  return HostModel.open(wasm, manifest);
}
