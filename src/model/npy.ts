// SPDX-License-Identifier: Apache-2.0
// NumPy's .npy files: one array each.
// Format: numpy/lib/format.py ("A Simple File Format for NumPy Arrays"), versions 1-3.
//
// Promise: reads only within `bytes`, allocates at most twice the file's size, ends, and throws only MoteError.
import { fail } from '../cli/errors.js';
import { fromLittleEndian, halvesToFloats, toLittleEndian } from './bytes.js';
import { type DType, dtypeBytes, elementCount, makeData, type TensorData } from './graph.js';

export interface NpyArray {
  dtype: DType;
  shape: number[];
  data: TensorData;
}

interface Header {
  descr: string;
  fortran: boolean;
  shape: number[];
  dataOffset: number;
}

const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59]; // \x93NUMPY
const maxHeaderBytes = 65536;
const maxRank = 32;

/** NumPy type letters (without byte order) and what they become here. `f2` is widened. */
const dtypeOfLetters: Record<string, DType> = {
  f4: 'float32',
  f8: 'float64',
  i1: 'int8',
  u1: 'uint8',
  i2: 'int16',
  u2: 'uint16',
  i4: 'int32',
  u4: 'uint32',
  i8: 'int64',
  b1: 'bool',
};

const lettersOfDType: Record<DType, string> = {
  float32: '<f4',
  float64: '<f8',
  int8: '|i1',
  uint8: '|u1',
  int16: '<i2',
  uint16: '<u2',
  int32: '<i4',
  uint32: '<u4',
  int64: '<i8',
  bool: '|b1',
};

/** Reads one array; `path` is only for the error sentence. */
export function readNpy(bytes: Uint8Array, path: string): NpyArray {
  const broken = (reason: string): never => fail('data.broken', { path, reason });
  const header = readHeader(bytes, broken);
  const letters = header.descr.slice(1);
  const half = letters === 'f2';
  const dtype = half ? 'uint16' : Object.hasOwn(dtypeOfLetters, letters) ? dtypeOfLetters[letters] : undefined;
  const elementBytes = dtype === undefined ? 0 : dtypeBytes(dtype);
  if (dtype === undefined || !/^[<|=>]$/.test(header.descr[0])) {
    return broken(`its type '${header.descr}' is not a number type that mote reads`);
  }
  if (header.descr[0] === '>' && elementBytes > 1) {
    return broken(`it is big-endian ('${header.descr}'); save it as '<${letters}'`);
  }
  const count = elementCount(header.shape);
  const dataBytes = bytes.length - header.dataOffset;
  if (count * elementBytes !== dataBytes) {
    return broken(
      `shape [${header.shape}] of '${header.descr}' needs ${count * elementBytes} bytes, it has ${dataBytes}`,
    );
  }
  const stored = fromLittleEndian(dtype, bytes.subarray(header.dataOffset));
  const data = half ? halvesToFloats(stored as Uint16Array) : stored;
  const outType = half ? 'float32' : dtype;
  return { dtype: outType, shape: header.shape, data: header.fortran ? toRowMajor(outType, header.shape, data) : data };
}

/** Format 1.0, C order; the same array gives the same bytes. */
export function writeNpy(dtype: DType, shape: readonly number[], data: TensorData): Uint8Array {
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(', ')})`;
  const dict = `{'descr': '${lettersOfDType[dtype]}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // magic 6, version 2, length 2, header, newline: the whole is padded to a multiple of 64 as numpy does.
  const dataOffset = Math.ceil((10 + dict.length + 1) / 64) * 64;
  const body = toLittleEndian(data);
  const out = new Uint8Array(dataOffset + body.length);
  out.fill(0x20, 0, dataOffset);
  out.set([...magic, 1, 0, (dataOffset - 10) & 0xff, (dataOffset - 10) >> 8]);
  out.set(new TextEncoder().encode(dict), 10);
  out[dataOffset - 1] = 0x0a;
  out.set(body, dataOffset);
  return out;
}

function readHeader(bytes: Uint8Array, broken: (reason: string) => never): Header {
  if (bytes.length < 10 || magic.some((b, i) => bytes[i] !== b)) return broken('it is not a .npy file');
  const version = bytes[6];
  if (version < 1 || version > 3) return broken(`.npy version ${version} is unknown`);
  const start = version === 1 ? 10 : 12;
  if (bytes.length < start) return broken('the header is cut off');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxHeaderBytes) return broken(`a header of ${length} bytes is not plausible`);
  if (start + length > bytes.length) return broken('the header is cut off');
  const text = new TextDecoder().decode(bytes.subarray(start, start + length));
  return { ...parseDict(text, broken), dataOffset: start + length };
}

/** The header is a Python dict literal with exactly three keys, of which only this shape is ever written. */
function parseDict(text: string, broken: (reason: string) => never): Omit<Header, 'dataOffset'> {
  const descr = /'descr'\s{0,8}:\s{0,8}'([^']{2,16})'/.exec(text)?.[1];
  const fortran = /'fortran_order'\s{0,8}:\s{0,8}(True|False)/.exec(text)?.[1];
  const tuple = /'shape'\s{0,8}:\s{0,8}\(([\d\sL,]{0,1000})\)/.exec(text)?.[1];
  if (/'descr'\s{0,8}:\s{0,8}\[/.test(text)) return broken('it holds records, not numbers');
  if (descr === undefined || fortran === undefined || tuple === undefined) return broken('the header is damaged');
  const parts = tuple
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
  if (parts.length > maxRank) return broken(`${parts.length} dimensions are too many`);
  const shape = parts.map((part) =>
    /^\d{1,15}L?$/.test(part) ? Number.parseInt(part, 10) : broken('the shape is damaged'),
  );
  return { descr, fortran: fortran === 'True', shape };
}

function toRowMajor(dtype: DType, shape: readonly number[], data: TensorData): TensorData {
  const out = makeData(dtype, data.length);
  const index = new Array<number>(shape.length).fill(0);
  const strides = shape.map((_, d) => elementCount(shape.slice(0, d)));
  for (let i = 0, at = 0; i < data.length; i++) {
    out[i] = data[at];
    for (let d = shape.length - 1; d >= 0; d--) {
      index[d]++;
      at += strides[d];
      if (index[d] < shape[d]) break;
      at -= index[d] * strides[d];
      index[d] = 0;
    }
  }
  return out;
}
