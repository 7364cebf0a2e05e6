// SPDX-License-Identifier: Apache-2.0
// The driver payload of a command stream: what payload.ts reads.
import type { EthosHardware } from '../hardware.js';
import { actions, magic } from '../payload.js';

const products = { u55: 0, u65: 1 } as const;
/** Architecture 1.0.6, as the driver compares it with the part's. */
const idWord = 0x10060000;
/** The CONFIG action as Vela writes it: its release in the upper half. */
const configAction = actions.config | (0x10 << 16);
/** The stream begins at a multiple of so many words. */
const streamUnitWords = 4;

/** The shared RAM is that of all cores. */
const configWord = ({ macs, cores, shramBanks }: EthosHardware, product: keyof typeof products): number =>
  ((products[product] << 28) | ((cores * shramBanks) << 8) | Math.log2(macs)) >>> 0;

/** "COP1", the hardware, and the words. */
export function writePayload(
  words: readonly number[],
  hardware: EthosHardware,
  product: keyof typeof products,
): Uint8Array {
  const head = [magic, configAction, configWord(hardware, product), idWord];
  while ((head.length + 1) % streamUnitWords) head.push(actions.nop);
  head.push((actions.stream | ((words.length & 0xffff) << 16) | ((words.length >>> 16) << 8)) >>> 0);
  const bytes = new Uint8Array(4 * (head.length + words.length));
  const view = new DataView(bytes.buffer);
  for (const [i, word] of [...head, ...words].entries()) view.setUint32(4 * i, word, true);
  return bytes;
}
