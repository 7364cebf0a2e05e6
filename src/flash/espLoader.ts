// SPDX-License-Identifier: Apache-2.0
// mote's loader into the RAM of an ESP32-C3 or -C6. The ROM is asked for nothing that touches the flash: it takes the
// loader's core, whose first words are read back before it is started.
import { ReadTimeout } from '../link/byteReader.js';
import { type EspSession, espChecksum, espOp } from './espSession.js';
import type { RamLoaderCode } from './loaders.js';
import { greetLoader, LoaderSilent, type RamLoader } from './ramLoader.js';
import { words } from './words.js';

const ramBlockBytes = 0x400;
/** Words at the start of the core that are read back: its entry, and where the checking of its own CRC begins. */
const wordsReadBack = 8;

/** The core by the ROM's commands. A block sent twice would be put behind itself, so any failure means a new beginning. */
async function loadCore(session: EspSession, { address, core }: RamLoaderCode): Promise<void> {
  const blocks = Math.ceil(core.length / ramBlockBytes);
  await session.request({ op: espOp.memBegin, data: words(core.length, blocks, ramBlockBytes, address) });
  for (let i = 0; i < blocks; i++) {
    const part = core.subarray(i * ramBlockBytes, (i + 1) * ramBlockBytes);
    const data = Uint8Array.from(Buffer.concat([words(part.length, i, 0, 0), part]));
    await session.request({ op: espOp.memData, data, checksum: espChecksum(part) });
  }
  const view = new DataView(core.buffer, core.byteOffset, core.length);
  const places = [...Array(wordsReadBack).keys(), core.length / 4 - 1].map((index) => 4 * index);
  for (const at of places) {
    const found = await session.readRegister(address + at);
    if (found !== view.getUint32(at, true)) throw new ReadTimeout('the loader is not where it was put');
  }
}

export async function startEspLoader(session: EspSession, loader: RamLoader, code: RamLoaderCode): Promise<void> {
  await loadCore(session, code);
  // The ROM may jump before its answer is out: what counts is that the loader answers.
  await session.send({ op: espOp.memEnd, data: words(0, code.address) });
  await session.drain(20);
  await greetLoader(loader, code).catch((error: unknown) => {
    throw error instanceof ReadTimeout ? new LoaderSilent(error.message) : error;
  });
}
