// SPDX-License-Identifier: Apache-2.0
// Compiles the programs of runtime-c/flash/ that mote puts into a chip's RAM to flash it. The result is kept in
// runtime-c/flash/loaders.json, so that flashing needs no compiler: `npx tsx tools/buildLoaders.ts` writes it, and
// test/flash/loaders.test.ts fails when it is old.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { loadTarget } from '../build/boards.js';
import { type Elf, readElf, sectionBytes, sectionNamed } from '../build/elf.js';
import { openToolchain } from '../build/toolchain.js';
import { withWorkFolder } from '../build/workFolder.js';
import { packageRoot } from '../packageRoot.js';
import type { LoaderFile, RamLoaderChip } from './loaders.js';

const sourceFolder = join(packageRoot, 'runtime-c', 'flash');

interface Job {
  target: string;
  define?: string;
  sources: readonly string[];
  /** Linker script and what its {{names}} stand for. */
  template: string;
  values: Record<string, string>;
}

const espSources = { target: 'rv32imc', sources: ['loaderCore.c', 'espFlash.c'], template: 'loader.ld.template' };

/** RAM as code and as data: memory maps of the technical reference manuals; of a K210 where its ROM starts programs. */
const ramLoaderJobs: Record<RamLoaderChip, Job> = {
  esp32c3: { ...espSources, define: 'MOTE_ESP32C3', values: { code: '0x40380000', data: '0x3FC80000' } },
  esp32c6: { ...espSources, define: 'MOTE_ESP32C6', values: { code: '0x40800000', data: '0x40800000' } },
  k210: {
    target: 'rv64imafdc',
    define: 'MOTE_K210',
    sources: ['loaderCore.c', 'k210Flash.c'],
    template: 'loader.ld.template',
    values: { code: '0x80000000', data: '0x80000000' },
  },
};

/** RAM behind the boot loader's own variables and below its stack; BOSSA's programs begin there as well. */
const samd21Job: Job = {
  target: 'cortex-m0plus',
  sources: ['samd21Applet.c'],
  template: 'samd21Applet.ld.template',
  values: { ram: '0x20004000' },
};

async function link(job: Job): Promise<Elf> {
  return withWorkFolder(async (workFolder) => {
    const template = await readFile(join(sourceFolder, job.template), 'utf8');
    const script = join(workFolder, 'loader.ld');
    await writeFile(
      script,
      template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => job.values[name] ?? ''),
    );
    const output = join(workFolder, 'loader.elf');
    await openToolchain('zig').compileAndLink({
      target: loadTarget(job.target),
      sources: [],
      smallSources: job.sources.map((name) => join(sourceFolder, name)),
      includes: [sourceFolder],
      defines: job.define ? [job.define] : [],
      linkArgs: ['-nostdlib', `-Wl,-T,${script}`],
      workFolder,
      output,
    });
    return readElf(await readFile(output));
  });
}

/** The bytes of a section, and its address. */
function sectionOf(elf: Elf, name: string): { address: number; bytes: Uint8Array } {
  const section = sectionNamed(elf, name);
  if (section === undefined) throw new Error(`the loader has no section ${name}`);
  return { address: section.address, bytes: sectionBytes(elf, section) };
}

const base64 = (...parts: Uint8Array[]): string => Buffer.concat(parts).toString('base64');
const crcOf = (bytes: Uint8Array): Uint8Array => new Uint8Array(Uint32Array.of(crc32(bytes)).buffer);
const hex = (value: number): string => `0x${value.toString(16)}`;

async function buildRamLoader(job: Job): Promise<LoaderFile[RamLoaderChip]> {
  const elf = await link(job);
  const [core, extension] = [sectionOf(elf, '.core'), sectionOf(elf, '.extension')];
  return {
    address: hex(core.address),
    core: base64(core.bytes, crcOf(core.bytes)),
    extension: base64(extension.bytes),
  };
}

async function buildSamd21(job: Job): Promise<LoaderFile['samd21']> {
  const { address, bytes } = sectionOf(await link(job), '.applet');
  return { address: hex(address), program: base64(bytes, crcOf(bytes)) };
}

export async function buildLoaders(): Promise<LoaderFile> {
  return {
    esp32c3: await buildRamLoader(ramLoaderJobs.esp32c3),
    esp32c6: await buildRamLoader(ramLoaderJobs.esp32c6),
    k210: await buildRamLoader(ramLoaderJobs.k210),
    samd21: await buildSamd21(samd21Job),
  };
}
