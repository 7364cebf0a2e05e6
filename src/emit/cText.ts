// SPDX-License-Identifier: Apache-2.0
// Small pieces of C text: identifiers, numbers, arrays, comments.
import type { ConstArray, CStruct, FieldValue } from '../ops/op.js';

const lineWidth = 118;

export const cType: Record<ConstArray['dtype'], string> = {
  int8: 'int8_t',
  uint8: 'uint8_t',
  int16: 'int16_t',
  uint16: 'uint16_t',
  int32: 'int32_t',
  int64: 'int64_t',
  float32: 'float',
};

/** A C identifier from any text: lower case, digits and underscores, never empty, never starting with a digit. */
export function identifier(text: string): string {
  const cleaned = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^_+|_+$/g, '');
  return /^[a-z]/.test(cleaned) ? cleaned : `x${cleaned}`;
}

/** Text that is safe inside a C comment: printable ASCII, no comment ends, no trigraphs or line splices. */
export const commentText = (text: string): string =>
  text
    .replace(/[^\x20-\x7e]/g, '?')
    .replace(/[*/\\?]{2,}/g, '_')
    .replace(/\\/g, '_');

/** C99 has no literal for these without <math.h>; GCC and clang take the builtins as constants, also in initializers. */
function specialLiteral(value: number): string {
  if (Number.isNaN(value)) return '__builtin_nanf("")';
  return value > 0 ? '__builtin_inff()' : '-__builtin_inff()';
}

/** Shortest decimal literal that reads back as exactly this float32. */
export function floatLiteral(value: number): string {
  const f = Math.fround(value);
  if (!Number.isFinite(f)) return specialLiteral(f);
  if (Object.is(f, -0)) return '-0.0f';
  let digits = 1;
  while (Math.fround(Number(f.toPrecision(digits))) !== f) digits++;
  const text = String(Number(f.toPrecision(digits)));
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
}

const hexLiteral = (value: number | bigint, dtype: ConstArray['dtype']): string =>
  dtype === 'int64' ? `INT64_C(0x${value.toString(16)})` : `0x${value.toString(16)}`;

/** INT32_MIN and INT64_MIN have no literal of their own type. */
function integerLiteral(value: number | bigint, dtype: ConstArray['dtype']): string {
  if (dtype === 'int64') return value === -(2n ** 63n) ? 'INT64_MIN' : `INT64_C(${value})`;
  return Number(value) === -(2 ** 31) ? 'INT32_MIN' : String(value);
}

/** Comma-separated literals, wrapped, each line indented by four spaces. */
function wrap(items: Iterable<string>): string {
  const lines: string[] = [];
  let line = '   ';
  for (const item of items) {
    if (line.length + item.length + 2 > lineWidth) {
      lines.push(line);
      line = '   ';
    }
    line += ` ${item},`;
  }
  if (line.trim()) lines.push(line);
  return lines.join('\n');
}

/** `static const int8_t name[8] = { … };` with its shape in a comment. */
export function constArray(symbol: string, array: ConstArray): string {
  const literals = Array.from(array.data as ArrayLike<number | bigint>, (v) =>
    array.dtype === 'float32'
      ? floatLiteral(Number(v))
      : array.hex && v >= 0
        ? hexLiteral(v, array.dtype)
        : integerLiteral(v, array.dtype),
  );
  const shape = array.shape.join('x') || '1';
  const aligned = array.alignBytes ? ` __attribute__((aligned(${array.alignBytes})))` : '';
  return `static const ${cType[array.dtype]} ${symbol}[${literals.length}]${aligned} = { /* ${shape} */\n${wrap(literals)}\n};\n`;
}

function fieldText(value: FieldValue, symbolOf: (array: ConstArray) => string): string {
  if (value === null) return '0';
  if (typeof value === 'number') return integerLiteral(value, 'int32');
  if ('const' in value) return symbolOf(value.const);
  if ('float' in value) return floatLiteral(value.float);
  if ('values' in value) return `{ ${value.values.map((v) => integerLiteral(v, 'int32')).join(', ')} }`;
  return `{ ${value.floats.map(floatLiteral).join(', ')} }`;
}

/** `const mote_conv2d_s8s8 symbol = { .in_h = 49, … };`, or an array of several. */
export function structText(
  symbol: string,
  structs: CStruct | readonly CStruct[],
  symbolOf: (array: ConstArray) => string,
): string {
  const list = 'fields' in structs ? [structs] : structs;
  const bodies = list.map((struct) =>
    wrap(struct.fields.map(([name, value]) => `.${name} = ${fieldText(value, symbolOf)}`)),
  );
  const [{ type }] = list;
  if (bodies.length === 1) return `const ${type} ${symbol} = {\n${bodies[0]}\n};\n`;
  return `const ${type} ${symbol}[${bodies.length}] = { {\n${bodies.join('\n}, {\n')}\n} };\n`;
}

/** The constant arrays of a struct, in field order. */
export function constArrays(struct: CStruct): ConstArray[] {
  return struct.fields.flatMap(([, v]) => (v !== null && typeof v === 'object' && 'const' in v ? [v.const] : []));
}
