// SPDX-License-Identifier: Apache-2.0
// Changes to an ONNX file as bytes: what the backend tests hand over as inputs and a model has as constants, and the batch.
import { PbfReader, PbfWriter } from 'pbf';

/** The model with these tensor files as constants of its graph (field 7 of the model, field 5 of the graph). */
export function withConstants(bytes: Uint8Array, tensors: readonly Uint8Array[]): Uint8Array {
  const [pbf, out] = [new PbfReader(bytes), new PbfWriter()];
  for (let field = pbf.nextField(); field !== 0; field = pbf.nextField()) {
    if (pbf.type !== 2) {
      out.writeVarintField(field, pbf.readVarint());
      continue;
    }
    const content = new PbfWriter();
    const payload = pbf.readBytes();
    if (field === 7) for (const tensor of tensors) content.writeBytesField(5, tensor);
    out.writeBytesField(field, Uint8Array.from([...payload, ...content.finish()]));
  }
  return out.finish();
}

/** The same model for a batch of 1: every stated shape that is the input's is changed. */
export function withBatchOne(bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const encoded = (dims: readonly number[]): number[] => dims.flatMap((d) => [0x0a, 0x02, 0x08, d]);
  const [wanted, replacement] = [encoded(shape), encoded([1, ...shape.slice(1)])];
  const copy = Uint8Array.from(bytes);
  for (let at = 0; at + wanted.length <= copy.length; at++) {
    if (wanted.every((b, i) => copy[at + i] === b)) copy.set(replacement, at);
  }
  return copy;
}
