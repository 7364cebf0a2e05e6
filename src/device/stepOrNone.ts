// SPDX-License-Identifier: Apache-2.0
// Layers one by one, on a firmware that may have been built without them.
import { MoteError } from '../cli/errors.js';
import { layersLeftOut } from './protocol.js';

/** What `step` gives; undefined of a firmware without counts of single layers. */
export async function stepOrNone<T>(step: () => Promise<T>): Promise<T | undefined> {
  try {
    return await step();
  } catch (error) {
    const leftOut =
      error instanceof MoteError && error.code === 'device.protocol' && error.args.reason === layersLeftOut;
    if (leftOut) return undefined;
    throw error;
  }
}
