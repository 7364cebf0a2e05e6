// SPDX-License-Identifier: Apache-2.0
// How a constant int8 weight tensor is stored. The tensor's `data` always holds the decoded integers, so an encoding never
// changes what a layer computes: it says that these integers have a structure, and which one. Names, as `--weights` and
// recipes write them: int4, int4g32, ternary, trits, ternaryg64, binary, palette4, palette4c, sparse1:4, sparse1:4-int4,
// block8, block16-int4g16, and `+out` behind any of them for outliers.

/** Stored as two's complement of `bits`; with `group` > 0 a scale of 1..16 for each `group` columns of a row. */
export interface IntEncoding {
  kind: 'int';
  bits: 2 | 3 | 4 | 6 | 8;
  /** Columns that share a scale; 0: none. */
  group: number;
}

/** -1, 0 or 1, times the scale of the group; as two bit planes or five trits to a byte. */
export interface TernaryEncoding {
  kind: 'ternary';
  packing: 'planes' | 'trits';
  group: number;
}

/** -1 or 1. */
export interface BinaryEncoding {
  kind: 'binary';
}

/** Indices of `bits` into a table of int8, one table or one per row. */
export interface PaletteEncoding {
  kind: 'palette';
  bits: 1 | 2 | 3 | 4;
  per: 'tensor' | 'channel';
}

/** At most n of every m columns are not zero. */
export interface SparseEncoding {
  kind: 'sparse';
  n: number;
  m: number;
  values: IntEncoding;
}

/** Whole blocks of `width` columns are zero or kept. */
export interface BlockEncoding {
  kind: 'block';
  width: number;
  values: IntEncoding;
}

export type DenseEncoding =
  | IntEncoding
  | TernaryEncoding
  | BinaryEncoding
  | PaletteEncoding
  | SparseEncoding
  | BlockEncoding;

/** What the base cannot hold is added from a list. */
export interface OutlierEncoding {
  kind: 'outliers';
  base: DenseEncoding;
}

export type Encoding = DenseEncoding | OutlierEncoding;

/** Scales of groups, [rows][groups of a row], each 1..16. */
export const maxGroupScale = 16;

const intName = ({ bits, group }: IntEncoding): string => `int${bits}${group ? `g${group}` : ''}`;
const valuesSuffix = (values: IntEncoding): string => (values.bits === 8 && !values.group ? '' : `-${intName(values)}`);

export function encodingName(e: Encoding): string {
  switch (e.kind) {
    case 'int':
      return intName(e);
    case 'ternary':
      return `${e.packing === 'planes' ? 'ternary' : 'trits'}${e.group ? `g${e.group}` : ''}`;
    case 'binary':
      return 'binary';
    case 'palette':
      return `palette${2 ** e.bits}${e.per === 'channel' ? 'c' : ''}`;
    case 'sparse':
      return `sparse${e.n}:${e.m}${valuesSuffix(e.values)}`;
    case 'block':
      return `block${e.width}${valuesSuffix(e.values)}`;
    case 'outliers':
      return `${encodingName(e.base)}+out`;
  }
}

const groups = [16, 32, 64, 128];
const intBits = [2, 3, 4, 6, 8] as const;
const int8: IntEncoding = { kind: 'int', bits: 8, group: 0 };

function parseIntName(text: string): IntEncoding | undefined {
  const m = /^int([23468])(?:g(\d+))?$/.exec(text);
  const bits = intBits.find((b) => String(b) === m?.[1]);
  const group = Number(m?.[2] ?? 0);
  // Scales of groups make int8 of fewer bits; eight bits have no use for them, and six times 16 does not fit.
  if (!bits || (group && (!groups.includes(group) || bits > 4))) return undefined;
  return { kind: 'int', bits, group };
}

const parsers: ((text: string) => DenseEncoding | undefined)[] = [
  parseIntName,
  (text) => (text === 'binary' ? { kind: 'binary' } : undefined),
  (text) => {
    const m = /^(ternary|trits)(?:g(\d+))?$/.exec(text);
    const group = Number(m?.[2] ?? 0);
    if (!m || (group && !groups.includes(group))) return undefined;
    return { kind: 'ternary', packing: m[1] === 'trits' ? 'trits' : 'planes', group };
  },
  (text) => {
    const m = /^palette(2|4|8|16)(c?)$/.exec(text);
    if (!m) return undefined;
    return { kind: 'palette', bits: Math.log2(Number(m[1])) as 1 | 2 | 3 | 4, per: m[2] ? 'channel' : 'tensor' };
  },
  (text) => {
    const m = /^sparse(\d+):(\d+)(?:-(.+))?$/.exec(text);
    const [n, of] = [Number(m?.[1]), Number(m?.[2])];
    const values = m?.[3] ? parseIntName(m[3]) : int8;
    if (!m || !values || values.group || ![2, 4, 8, 16].includes(of) || n < 1 || n >= of) return undefined;
    return { kind: 'sparse', n, m: of, values };
  },
  (text) => {
    const m = /^block(4|8|16|32)(?:-(.+))?$/.exec(text);
    const values = m?.[2] ? parseIntName(m[2]) : int8;
    // A kept block is a whole group: the pruning group is the scale's group (GQSA).
    if (!m || !values || (values.group && values.group !== Number(m[1]))) return undefined;
    return { kind: 'block', width: Number(m[1]), values };
  },
];

/** The encoding of this name; undefined where there is none. */
export function parseEncoding(name: string): Encoding | undefined {
  const dense = name.replace(/\+out$/, '');
  for (const parse of parsers) {
    const found = parse(dense);
    if (found) return dense === name ? found : { kind: 'outliers', base: found };
  }
  return undefined;
}
