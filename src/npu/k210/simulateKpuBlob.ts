// SPDX-License-Identifier: Apache-2.0
// A blob in the functional model: dense int8 maps in, and out.
import type { NpuBlob } from '../npuBlob.js';
import { blobModel, type KpuBlobMap } from './blobModel.js';
import { mapOfPlanes, planesOf } from './planes.js';
import { inputFromDense, runKmodel } from './runKmodel.js';

const nhwc = ({ shape: { channels, height, width } }: KpuBlobMap): number[] => [1, height, width, channels];
const signed = ({ buffer, byteOffset, length }: Uint8Array): Int8Array => new Int8Array(buffer, byteOffset, length);

export function simulateKpuBlob(blob: NpuBlob, given: readonly Uint8Array[]): Uint8Array[] {
  const { model, inputs, outputs } = blobModel(blob);
  const rows = given.map((bytes, i) => inputFromDense(model, i, planesOf(signed(bytes), nhwc(inputs[i]))));
  return runKmodel(model, rows, blob.config).map((planes, i) => {
    const map = mapOfPlanes(planes, nhwc(outputs[i]));
    return new Uint8Array(map.buffer, map.byteOffset, map.byteLength);
  });
}
