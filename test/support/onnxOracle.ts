// SPDX-License-Identifier: Apache-2.0
// onnxruntime as a judge of float and QDQ models.
import { InferenceSession, Tensor } from 'onnxruntime-node';

export interface OnnxModel {
  run(input: Float32Array, shape: readonly number[]): Promise<Float32Array>;
}

export async function openOnnx(bytes: Uint8Array): Promise<OnnxModel> {
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3 });
  return {
    async run(input, shape) {
      const results = await session.run({ [session.inputNames[0]]: new Tensor('float32', input, shape) });
      return results[session.outputNames[0]].data as Float32Array;
    },
  };
}

/** NHWC [h,w,c] to NCHW. */
export function toChannelsFirst(data: Float32Array, h: number, w: number, c: number): Float32Array {
  const out = new Float32Array(data.length);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) for (let k = 0; k < c; k++) out[(k * h + y) * w + x] = data[(y * w + x) * c + k];
  return out;
}
