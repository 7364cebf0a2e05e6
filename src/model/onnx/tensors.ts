// SPDX-License-Identifier: Apache-2.0
// TensorProto -> constant. Element types: enum TensorProto.DataType of onnx.proto.
import { bfloatsToFloats, fromLittleEndian, halvesToFloats } from '../bytes.js';
import { type DType, dtypeBytes, elementCount, makeData, type Tensor, type TensorData } from '../graph.js';
import { maxLabels, maxRank } from '../limits.js';
import { refuse } from '../refusal.js';
import { damaged, varints } from './protobuf.js';
import type { TensorProto } from './schema.js';

interface TypeRow {
  name: string;
  /** What to do without such tensors, where it is not another export. */
  change?: string;
  /** What it is in the IR; without it mote has no such tensors. */
  dtype?: DType;
  /** What the file stores, where that differs. */
  stored?: DType;
  /** From the stored values to the IR's. */
  convert?: (stored: TensorData) => TensorData;
}

const narrow = (stored: TensorData): TensorData => Float32Array.from(stored as Float64Array);
const halves = (stored: TensorData): TensorData => halvesToFloats(stored as Uint16Array);
const bfloats = (stored: TensorData): TensorData => bfloatsToFloats(stored as Uint16Array);

/** TensorProto.STRING */
export const textType = 8;

const types: Readonly<Record<number, TypeRow>> = {
  1: { name: 'float', dtype: 'float32' },
  2: { name: 'uint8', dtype: 'uint8' },
  3: { name: 'int8', dtype: 'int8' },
  4: { name: 'uint16', dtype: 'uint16' },
  5: { name: 'int16', dtype: 'int16' },
  6: { name: 'int32', dtype: 'int32' },
  7: { name: 'int64', dtype: 'int64' },
  // Constants of text are numbers with names (readTexts).
  8: { name: 'string', change: 'take numbers as inputs: map words to numbers before the model' },
  9: { name: 'bool', dtype: 'bool' },
  10: { name: 'float16', dtype: 'float32', stored: 'uint16', convert: halves },
  11: { name: 'double', dtype: 'float32', stored: 'float64', convert: narrow },
  12: { name: 'uint32', dtype: 'uint32' },
  // A number of 2^63 and more is taken for a negative one, which no shape and no axis can be.
  13: { name: 'uint64', dtype: 'int64' },
  14: { name: 'complex64' },
  15: { name: 'complex128' },
  16: { name: 'bfloat16', dtype: 'float32', stored: 'uint16', convert: bfloats },
  17: { name: 'float8e4m3fn' },
  18: { name: 'float8e4m3fnuz' },
  19: { name: 'float8e5m2' },
  20: { name: 'float8e5m2fnuz' },
  21: { name: 'uint4' },
  22: { name: 'int4' },
  23: { name: 'float4e2m1' },
};

/** The IR's element type; a Refusal for those that it has not. */
export function dtypeOf(elementType: number, tensorName: string): DType {
  const row = types[elementType];
  if (row === undefined)
    return refuse(`'${tensorName}' has the unknown element type ${elementType}`, 'use float32 or int8');
  return (
    row.dtype ?? refuse(`'${tensorName}' holds ${row.name} values`, row.change ?? 'export the model in float32 or int8')
  );
}

/** What computed tensors of this type are in the IR: integers wider than a word, and uint16, are int32. */
export const activationType = (dtype: DType): DType =>
  dtype === 'int64' || dtype === 'uint32' || dtype === 'uint16' ? 'int32' : dtype;

/** True where the IR holds the values in another float width than the file. */
export function isWidened(elementType: number): boolean {
  return types[elementType]?.convert !== undefined;
}

/** `charge` is told the bytes before they are allocated. */
export function readConstant(proto: TensorProto, name: string, charge: (bytes: number) => void): Tensor {
  if (proto.external) refuse(`'${name}' is stored in another file`, 'save the model with its data inside (one file)');
  if (proto.dataType === textType) return readTexts(proto, name, charge);
  const dtype = dtypeOf(proto.dataType, name);
  const row = types[proto.dataType];
  if (proto.dims.length > maxRank) damaged(`'${name}' has ${proto.dims.length} dimensions`);
  if (proto.dims.some((d) => !(d >= 0 && d <= 2 ** 31))) damaged(`'${name}' has shape [${proto.dims}]`);
  const stored = row.stored ?? dtype;
  const count = elementCount(proto.dims);
  const data =
    proto.raw !== undefined && proto.raw.length > 0
      ? readRaw(proto.raw, name, stored, count, charge)
      : readTyped(proto, name, stored, count, charge);
  return { name, dtype, shape: [...proto.dims], data: row.convert ? row.convert(data) : data };
}

/** Text becomes its place in the list of all texts of the tensor. */
function readTexts(proto: TensorProto, name: string, charge: (bytes: number) => void): Tensor {
  const { strings, dims } = proto;
  if (dims.length > maxRank || dims.some((d) => !(d >= 0)) || elementCount(dims) !== strings.length)
    damaged(`'${name}' has not the ${elementCount(dims)} texts of its shape`);
  charge(4 * strings.length);
  const labels = labelList([...new Set(strings)]);
  const places = new Map(labels.map((text, i) => [text, i]));
  const data = Int32Array.from(strings, (text) => places.get(text) ?? 0);
  return { name, dtype: 'int32', shape: [...dims], data, labels };
}

/** Names that go into a pack. */
export function labelList(labels: readonly string[]): readonly string[] {
  if (labels.length > maxLabels)
    refuse(`its numbers stand for ${labels.length} texts`, `use at most ${maxLabels}, or end the model at the numbers`);
  return labels;
}

function readRaw(
  raw: Uint8Array,
  name: string,
  stored: DType,
  count: number,
  charge: (bytes: number) => void,
): TensorData {
  const wanted = count * dtypeBytes(stored);
  if (raw.length !== wanted) damaged(`'${name}' needs ${wanted} bytes, it has ${raw.length}`);
  charge(wanted);
  return fromLittleEndian(stored, raw);
}

const wrongCount = (name: string, count: number): never =>
  damaged(`'${name}' has not the ${count} elements of its shape`);

function readTyped(
  proto: TensorProto,
  name: string,
  stored: DType,
  count: number,
  charge: (bytes: number) => void,
): TensorData {
  // float_data holds float32, double_data float64, int64_data int64, uint64_data uint32, int32_data the rest.
  if (stored === 'float32') return readFixed(proto.floats, name, stored, count, charge);
  if (stored === 'float64') return readFixed(proto.doubles, name, stored, count, charge);
  const wide = proto.int64s.length > 0 ? proto.int64s : proto.uint64s;
  const segments = stored === 'int64' ? wide : stored === 'uint32' ? proto.uint64s : proto.int32s;
  const bytes = segments.reduce((sum, s) => sum + s.length, 0);
  if (count > bytes) return wrongCount(name, count);
  charge(count * dtypeBytes(stored));
  const data = makeData(stored, count);
  let i = 0;
  for (const value of varints(segments)) {
    if (i >= count) return wrongCount(name, count);
    data[i++] = data instanceof BigInt64Array ? toInt64(value) : value;
  }
  return i === count ? data : wrongCount(name, count);
}

function readFixed(
  segments: Uint8Array[],
  name: string,
  stored: DType,
  count: number,
  charge: (bytes: number) => void,
): TensorData {
  const wanted = count * dtypeBytes(stored);
  if (segments.reduce((sum, s) => sum + s.length, 0) !== wanted) return wrongCount(name, count);
  charge(wanted);
  const bytes = new Uint8Array(wanted);
  let at = 0;
  for (const segment of segments) {
    bytes.set(segment, at);
    at += segment.length;
  }
  return fromLittleEndian(stored, bytes);
}

const int64Max = 2n ** 63n - 1n;

/** pbf reads varints as doubles; "to the end" is often written as the largest int64, which a double rounds up. */
function toInt64(value: number): bigint {
  const big = BigInt(value);
  return big > int64Max ? int64Max : big;
}
