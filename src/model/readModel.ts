// SPDX-License-Identifier: Apache-2.0
// Which format a model file has, by its bytes and not by its name.
import { fail } from '../cli/errors.js';
import type { Graph } from './graph.js';
import { isCheckpoint } from './llama2c/checkpoint.js';
import { readLlama2c, type TextOptions } from './llama2c.js';
import { readOnnx } from './onnx.js';
import { readTflite } from './tflite.js';

/** What people hand over by mistake: first bytes, and what to say. */
const others: readonly { bytes: readonly number[]; what: string }[] = [
  { bytes: [0xff, 0xd8, 0xff], what: 'it is a JPEG image' },
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: 'it is a PNG image' },
  {
    bytes: [0x50, 0x4b, 0x03, 0x04],
    what: 'it is a ZIP archive (PyTorch and Keras save such); export the model to ONNX or TFLite',
  },
  { bytes: [0x89, 0x48, 0x44, 0x46], what: 'it is an HDF5 file (Keras saves such); convert the model to TFLite' },
  { bytes: [0x80, 0x02], what: 'it is a Python pickle (PyTorch saves such); export the model to ONNX' },
  { bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59], what: 'it is a .npy array' },
  { bytes: [0x7f, 0x45, 0x4c, 0x46], what: 'it is a program (ELF)' },
  { bytes: [0x47, 0x47, 0x55, 0x46], what: 'it is a GGUF file' },
  { bytes: [0x32, 0x34, 0x6b, 0x61], what: 'it is a llama2.c checkpoint of a later version; export it with version 0' },
];

/** Fields of ModelProto (onnx.proto) and their wire types: the first byte of an ONNX file is one of these. */
const modelFields: Readonly<Record<number, number>> = { 1: 0, 2: 2, 3: 2, 4: 2, 5: 0, 6: 2, 7: 2, 8: 2, 14: 2 };

/** The graph of a .tflite or .onnx file or a checkpoint of llama2.c; `fileName` names it in errors, and its stem names the graph. */
export function readModel(bytes: Uint8Array, fileName: string, options: TextOptions = {}): Graph {
  const wrong = (reason: string): never => fail('model.format', { path: fileName, reason });
  if (bytes.length === 0) return wrong('it is empty');
  const name = graphName(fileName);
  if (hasBytes(bytes, 4, [0x54, 0x46, 0x4c, 0x33])) return readTflite(bytes, name); // "TFL3"
  const other = others.find((o) => hasBytes(bytes, 0, o.bytes));
  if (other !== undefined) return wrong(other.what);
  if (isCheckpoint(bytes)) return readLlama2c(bytes, name, options);
  if (bytes.length < 8) return wrong(`${bytes.length} bytes are no model`);
  if (looksLikeText(bytes)) return wrong('it is a text file');
  if (modelFields[bytes[0] >> 3] !== (bytes[0] & 7)) return wrong('it does not begin like a model');
  return readOnnx(bytes, name);
}

function hasBytes(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((b, i) => bytes[at + i] === b);
}

/** No model has so many bytes and none of them a control character: lengths and numbers come first. */
function looksLikeText(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 256).every((b) => b === 9 || b === 10 || b === 13 || (b >= 32 && b < 127));
}

function graphName(fileName: string): string {
  const base = fileName.split(/[\\/]/).at(-1) ?? fileName;
  return base.replace(/\.(tflite|onnx|bin)$/i, '') || 'model';
}
