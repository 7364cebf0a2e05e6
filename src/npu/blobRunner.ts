// SPDX-License-Identifier: Apache-2.0
// What a compiled blob needs of its NPU, without any compiler: the C call, and the answers of the functional model.
import type { KernelCall } from '../ops/op.js';
import { blobCall } from './ethosu/blobCall.js';
import { simulateBlob } from './ethosu/simulateBlob.js';
import { kpuCall } from './k210/kpuCall.js';
import { simulateKpuBlob } from './k210/simulateKpuBlob.js';
import type { NpuBlob } from './npuBlob.js';

export interface BlobRunner {
  /** Outputs by the functional model. */
  simulate(blob: NpuBlob, inputs: readonly Uint8Array[]): Uint8Array[];
  /** The C call with payload and constants as its arrays. */
  emitC(blob: NpuBlob): KernelCall;
}

/** By NpuBackend.id. */
const runners: Readonly<Record<string, BlobRunner>> = {
  ethosu: { simulate: simulateBlob, emitC: blobCall },
  k210: { simulate: simulateKpuBlob, emitC: kpuCall },
};

/** The runner of a blob; its backend made it. */
export function runnerOf({ backend }: NpuBlob): BlobRunner {
  const runner = runners[backend];
  if (!runner) throw new Error(`no NPU backend '${backend}'`);
  return runner;
}
