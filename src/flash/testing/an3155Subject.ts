// SPDX-License-Identifier: Apache-2.0
// Test only: `mote flash` over AN3155 from an open link on: connect, write what differs, verify, GO.
import type { FlashPart } from '../../device/flashImage.js';
import type { Link } from '../../link/link.js';
import { openAn3155 } from '../an3155.js';
import type { FlashReport } from '../flashMemory.js';
import { writeImage } from '../writeImage.js';
import type { RomOptions } from './an3155Rom.js';

export interface FlashAn3155 {
  image: readonly FlashPart[];
  options: RomOptions;
  enter?: () => Promise<void>;
  onStep?: (text: string) => void;
}

export async function flashAn3155(link: Link, { image, options, enter, onStep }: FlashAn3155): Promise<FlashReport> {
  const productIds = [options.gdId ?? `0x${options.productId.toString(16)}`];
  const memory = await openAn3155(
    { link, ...(onStep && { onStep }) },
    { productIds, blocks: options.blocks, parity: 'none', ...(enter && { enter }) },
  );
  const report = await writeImage(memory, image, { board: 'test-board' });
  await memory.start();
  return report;
}
