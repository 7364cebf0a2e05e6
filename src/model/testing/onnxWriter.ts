// SPDX-License-Identifier: Apache-2.0
// Writes small ONNX files for tests. Field numbers: onnx.proto, written out here a second time on purpose.
import { PbfWriter } from 'pbf';
import { toLittleEndian } from '../bytes.js';
import type { TensorData } from '../graph.js';

export const elementType = {
  float: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  string: 8,
  bool: 9,
  float16: 10,
  double: 11,
  bfloat16: 16,
} as const;
type ElementType = keyof typeof elementType;

export interface TestConstant {
  name: string;
  type: ElementType;
  dims: number[];
  /** Written as raw_data. */
  data?: TensorData;
  /** Written instead into the typed field of this number, packed: floats (4), doubles (10) or varints (5, 7). */
  typed?: { field: 4 | 5 | 7 | 10; values: number[] };
  isExternal?: boolean;
  /** Of type string. */
  texts?: string[];
}

/** A value chooses the attribute's type: use `{ int }` or `{ ints }` and so on. */
export type TestAttribute =
  | { int: number }
  | { float: number }
  | { ints: number[] }
  | { floats: number[] }
  | { text: string }
  | { texts: string[] }
  | { tensor: TestConstant }
  | { graph: TestBranch }
  /** Inside a function: the value of the call's attribute of this name, of this type. */
  | { reference: string; type: 'int' | 'float' | 'ints' };

export interface TestBranch {
  outputs: TestValue[];
  nodes: TestNode[];
  constants?: TestConstant[];
}

export interface TestFunction {
  name: string;
  domain: string;
  inputs: string[];
  outputs: string[];
  nodes: TestNode[];
  defaults?: Record<string, TestAttribute>;
}

export interface TestNode {
  op: string;
  inputs: string[];
  outputs: string[];
  name?: string;
  domain?: string;
  attributes?: Record<string, TestAttribute>;
}

export interface TestValue {
  name: string;
  type?: ElementType;
  /** A string is a free dimension of that name, undefined one without a name. No dims at all: unknown rank. */
  dims?: (number | string | undefined)[];
}

export interface TestGraph {
  opset?: number;
  domains?: { domain: string; version: number }[];
  inputs: TestValue[];
  outputs: TestValue[];
  nodes: TestNode[];
  constants?: TestConstant[];
  values?: TestValue[];
  functions?: TestFunction[];
}

function writeConstant(t: TestConstant, pbf: PbfWriter): void {
  pbf.writePackedVarint(1, t.dims);
  pbf.writeVarintField(2, elementType[t.type]);
  if (t.typed?.field === 4) pbf.writePackedFloat(4, t.typed.values);
  else if (t.typed?.field === 10) pbf.writePackedDouble(10, t.typed.values);
  else if (t.typed) pbf.writePackedVarint(t.typed.field, t.typed.values);
  for (const text of t.texts ?? []) pbf.writeStringField(6, text);
  pbf.writeStringField(8, t.name);
  if (t.data !== undefined) pbf.writeBytesField(9, toLittleEndian(t.data));
  if (t.isExternal) pbf.writeVarintField(14, 1);
}

function writeAttribute([name, value]: [string, TestAttribute], pbf: PbfWriter): void {
  pbf.writeStringField(1, name);
  if ('float' in value) pbf.writeFloatField(2, value.float);
  if ('int' in value) pbf.writeVarintField(3, value.int);
  if ('text' in value) pbf.writeStringField(4, value.text);
  if ('tensor' in value) pbf.writeMessage(5, writeConstant, value.tensor);
  // ONNX writes these two lists unpacked.
  if ('floats' in value) for (const v of value.floats) pbf.writeFloatField(7, v);
  if ('ints' in value) for (const v of value.ints) pbf.writeVarintField(8, v);
  if ('texts' in value) for (const v of value.texts) pbf.writeStringField(9, v);
  if ('graph' in value) pbf.writeMessage(6, writeGraph, { inputs: [], ...value.graph });
  const type = { float: 1, int: 2, text: 3, tensor: 4, graph: 5, floats: 6, ints: 7, texts: 8 };
  const kind = 'reference' in value ? value.type : Object.keys(value)[0];
  pbf.writeVarintField(20, type[kind as keyof typeof type]);
  if ('reference' in value) pbf.writeStringField(21, value.reference);
}

function writeNode(n: TestNode, pbf: PbfWriter): void {
  for (const input of n.inputs) pbf.writeStringField(1, input);
  for (const output of n.outputs) pbf.writeStringField(2, output);
  if (n.name !== undefined) pbf.writeStringField(3, n.name);
  pbf.writeStringField(4, n.op);
  for (const attribute of Object.entries(n.attributes ?? {})) pbf.writeMessage(5, writeAttribute, attribute);
  if (n.domain !== undefined) pbf.writeStringField(7, n.domain);
}

function writeDimension(d: number | string | undefined, pbf: PbfWriter): void {
  if (typeof d === 'number') pbf.writeVarintField(1, d);
  else if (d !== undefined) pbf.writeStringField(2, d);
}

function writeShape(dims: (number | string | undefined)[], pbf: PbfWriter): void {
  for (const d of dims) pbf.writeMessage(1, writeDimension, d);
}

function writeTensorType(v: TestValue, pbf: PbfWriter): void {
  pbf.writeVarintField(1, elementType[v.type ?? 'float']);
  if (v.dims !== undefined) pbf.writeMessage(2, writeShape, v.dims);
}

function writeValue(v: TestValue, pbf: PbfWriter): void {
  pbf.writeStringField(1, v.name);
  pbf.writeMessage(2, (value: TestValue, p: PbfWriter) => p.writeMessage(1, writeTensorType, value), v);
}

function writeGraph(g: TestGraph, pbf: PbfWriter): void {
  for (const node of g.nodes) pbf.writeMessage(1, writeNode, node);
  pbf.writeStringField(2, 'test');
  for (const constant of g.constants ?? []) pbf.writeMessage(5, writeConstant, constant);
  for (const input of g.inputs) pbf.writeMessage(11, writeValue, input);
  for (const output of g.outputs) pbf.writeMessage(12, writeValue, output);
  for (const value of g.values ?? []) pbf.writeMessage(13, writeValue, value);
}

function writeFunction(f: TestFunction, pbf: PbfWriter): void {
  pbf.writeStringField(1, f.name);
  for (const input of f.inputs) pbf.writeStringField(4, input);
  for (const output of f.outputs) pbf.writeStringField(5, output);
  for (const node of f.nodes) pbf.writeMessage(7, writeNode, node);
  pbf.writeMessage(9, writeOpset, { domain: '', version: 17 });
  if (f.domain !== '') pbf.writeMessage(9, writeOpset, { domain: f.domain, version: 1 });
  pbf.writeStringField(10, f.domain);
  for (const attribute of Object.entries(f.defaults ?? {})) pbf.writeMessage(11, writeAttribute, attribute);
}

function writeOpset(o: { domain: string; version: number }, pbf: PbfWriter): void {
  pbf.writeStringField(1, o.domain);
  pbf.writeVarintField(2, o.version);
}

export function writeOnnx(graph: TestGraph): Uint8Array {
  const pbf = new PbfWriter();
  pbf.writeVarintField(1, 8);
  pbf.writeStringField(2, 'test');
  pbf.writeMessage(7, writeGraph, graph);
  for (const opset of [{ domain: '', version: graph.opset ?? 17 }, ...(graph.domains ?? [])]) {
    pbf.writeMessage(8, writeOpset, opset);
  }
  for (const f of graph.functions ?? []) pbf.writeMessage(25, writeFunction, f);
  return pbf.finish();
}
