// SPDX-License-Identifier: Apache-2.0
// A blob in the functional model, with memory of its own.
import { blobRegions, type NpuBlob } from '../npuBlob.js';
import { DriverModel } from './driverModel.js';

/** Memory of all regions; ports that are regions of their own have theirs. */
function regionsOf(blob: NpuBlob): Uint8Array[] {
  const scratch = new Uint8Array(blob.scratchBytes);
  const regions = new Array<Uint8Array>(blobRegions.count).fill(new Uint8Array(0));
  regions[blobRegions.constants] = blob.constants;
  regions[blobRegions.scratch] = scratch;
  regions[blobRegions.fastScratch] = blob.fastScratchBytes ? new Uint8Array(blob.fastScratchBytes) : scratch;
  for (const port of [...blob.inputs, ...blob.outputs])
    if (port.region >= blobRegions.ports) regions[port.region] = new Uint8Array(port.offsetBytes + port.bytes);
  return regions;
}

export function simulateBlob(blob: NpuBlob, inputs: readonly Uint8Array[], driver = new DriverModel()): Uint8Array[] {
  const regions = regionsOf(blob);
  blob.inputs.forEach(({ region, offsetBytes, bytes, name }, i) => {
    if (inputs[i]?.length !== bytes) throw new Error(`${name} has ${inputs[i]?.length} bytes, not ${bytes}`);
    regions[region].set(inputs[i], offsetBytes);
  });
  driver.invoke(blob.payload, regions);
  return blob.outputs.map(({ region, offsetBytes, bytes }) => regions[region].slice(offsetBytes, offsetBytes + bytes));
}
