// SPDX-License-Identifier: Apache-2.0
// Calls whose scratch has fixed places for their tensors (a blob of an NPU): a tensor that only such a call needs lies
// inside its scratch, so that nothing is copied; the scratch then lives as long as its tensors.
import type { Node, TensorId } from '../model/graph.js';
import type { KernelCall } from '../ops/op.js';
import type { Buffer } from './buffers.js';

export interface Pin {
  into: Buffer;
  offset: number;
}

/** The buffers that lie inside the scratch of a call; those scratches get longer lives. */
export function findPins(
  nodes: readonly Node[],
  calls: readonly KernelCall[],
  bufferOf: ReadonlyMap<TensorId, Buffer>,
  scratchOf: ReadonlyMap<number, Buffer>,
): Map<Buffer, Pin> {
  const pins = new Map<Buffer, Pin>();
  nodes.forEach((node, step) => {
    const { pinned } = calls[step];
    const scratch = scratchOf.get(step);
    if (!pinned || !scratch) return;
    const pin = (id: TensorId, offset: number | undefined, fits: (b: Buffer) => boolean): void => {
      const buffer = bufferOf.get(id);
      if (!buffer || offset === undefined || pins.has(buffer) || !fits(buffer)) return;
      pins.set(buffer, { into: scratch, offset });
      scratch.first = Math.min(scratch.first, buffer.first);
      scratch.last = Math.max(scratch.last, buffer.last);
    };
    // What is needed behind the call must not lie where the call writes.
    node.inputs.forEach((id, i) => {
      pin(id, pinned.inputs[i], (b) => b.last === step);
    });
    node.outputs.forEach((id, i) => {
      pin(id, pinned.outputs[i], (b) => b.first === step);
    });
  });
  return pins;
}
