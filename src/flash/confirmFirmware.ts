// SPDX-License-Identifier: Apache-2.0
// Asks the firmware that was just started who it is: the proof that the board runs this model and no other.
import { fail } from '../cli/errors.js';
import { Session } from '../device/session.js';
import type { Board } from '../generated/board.js';
import type { Link } from '../link/link.js';

export interface Confirmation {
  model: string;
  /** First 16 hex digits of the pack hash. */
  hash: string;
  /** The hash is the one expected, or at least is in the image. */
  proof: 'pack' | 'image' | 'none';
}

export interface Expected {
  /** Of the pack that the image was made of. */
  hash?: string;
  /** The bytes that were flashed. */
  image: readonly { bytes: Uint8Array }[];
}

export async function confirmFirmware(
  link: Link,
  board: Board,
  expected: Expected,
  helloTimeoutMs = 10_000,
): Promise<Confirmation> {
  const session = new Session(link, { board: board.id, helloTimeoutMs });
  try {
    const { model, hash } = await session.hello();
    if (expected.hash !== undefined && hash !== expected.hash)
      fail('device.wrongModel', { board: board.id, got: `${model} ${hash}`, expected: expected.hash });
    const inImage = expected.image.some((c) => Buffer.from(c.bytes).includes(Buffer.from(hash, 'hex')));
    return { model, hash, proof: expected.hash !== undefined ? 'pack' : inImage ? 'image' : 'none' };
  } finally {
    await session.close();
  }
}
