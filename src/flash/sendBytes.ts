// SPDX-License-Identifier: Apache-2.0
// Writes to a link; one that is gone is LinkClosed, whatever its kind throws.
import { LinkClosed } from '../link/byteReader.js';
import type { Link } from '../link/link.js';

export async function sendBytes(link: Link, bytes: Uint8Array): Promise<void> {
  try {
    await link.write(bytes);
  } catch (error) {
    throw new LinkClosed(error instanceof Error ? error.message : String(error));
  }
}
