// SPDX-License-Identifier: Apache-2.0
// The NPUs that mote compiles for.
import { ethosBackend } from './ethosu/ethosBackend.js';
import { k210Backend } from './k210/k210Backend.js';
import type { NpuBackend } from './npuBackend.js';

const backends: readonly NpuBackend[] = [ethosBackend, k210Backend];

/** The backend with this id; blobs and target files name no other. */
export function backendOf(id: string): NpuBackend {
  const found = backends.find((b) => b.id === id);
  if (!found) throw new Error(`no NPU backend '${id}'`);
  return found;
}
