// SPDX-License-Identifier: Apache-2.0
// A kmodel as bytes: the inverse of readKmodel. The tables that layer words point to begin at multiples of 256 in the file,
// as the KPU's loader wants them, and the words hold the bytes of padding before each.
import type { BatchNormRow, Segment } from './convolution.js';
import { cpuOpcode, isCpuNode, writeCpuNode } from './cpuNodes.js';
import { type Kmodel, type KmodelNode, type KpuConvNode, kmodelMagic, kmodelVersion, opcodes } from './kmodel.js';
import { Writer } from './kmodelBytes.js';
import { encodeLayer, layerBytes } from './layerWords.js';

const tableAlign = 256;
const bodyAlign = 8;
const rangeBytes = 16;
const k210Target = 1;

function words64(values: readonly bigint[]): Uint8Array {
  return new Uint8Array(BigUint64Array.from(values).buffer);
}

/** norm_mul 24, norm_add 32, norm_shift 4 bits, from the lowest. */
export const batchNormTable = (rows: readonly BatchNormRow[]): Uint8Array =>
  words64(
    rows.map(
      ({ multiplier, addend, shift }) =>
        BigInt.asUintN(24, BigInt(multiplier)) | (BigInt.asUintN(32, BigInt(addend)) << 24n) | (BigInt(shift) << 56n),
    ),
  );

/** shift_number 8, y_mul 16, x_start 36 bits, from the lowest; then the biases. */
export function activationTable(segments: readonly Segment[]): Uint8Array {
  const words = words64(
    segments.map(
      ({ shift, multiplier, start }) =>
        BigInt(shift) | (BigInt.asUintN(16, BigInt(multiplier)) << 8n) | (BigInt.asUintN(36, BigInt(start)) << 24n),
    ),
  );
  return Uint8Array.from([...words, ...segments.map((s) => s.bias)]);
}

const padding = (at: number, align: number): Uint8Array => new Uint8Array((align - (at % align)) % align);

/** The body of a convolution that begins at an offset in the file. */
function convBody(node: KpuConvNode, fileOffset: number): Uint8Array {
  const tables = [batchNormTable(node.batchNorm), activationTable(node.segments), node.weights];
  const gaps: Uint8Array[] = [];
  let at = fileOffset + rangeBytes + 8 + layerBytes;
  for (const table of tables) {
    const gap = padding(at, tableAlign);
    gaps.push(gap);
    at += gap.length + table.length;
  }
  const [batchNormAddress, activationAddress, weightAddress] = gaps.map((g) => g.length);
  const layer = encodeLayer({ ...node.layer, batchNormAddress, activationAddress, weightAddress });
  const body = new Writer().range(node.mainOutput).u32(1, 0).bytes(layer);
  for (const [i, table] of tables.entries()) body.bytes(gaps[i]).bytes(table);
  return body.whole();
}

function bodyOf(node: KmodelNode, fileOffset: number): { opcode: number; body: Uint8Array } {
  if (node.op === 'kpuConv2d') return { opcode: opcodes.kpuConv2d, body: convBody(node, fileOffset) };
  if (node.op === 'kpuUpload') {
    const body = new Writer()
      .range(node.input)
      .range(node.output)
      .u32(...node.shape);
    return { opcode: opcodes.kpuUpload, body: body.whole() };
  }
  if (!isCpuNode(node)) return node;
  const body = new Writer();
  writeCpuNode(node, body);
  return { opcode: cpuOpcode(node), body: body.whole() };
}

/** A version 4 kmodel. */
export function writeKmodel(model: Kmodel): Uint8Array {
  const { constants, mainBytes, inputs, outputs, nodes } = model;
  const head = new Writer()
    .u32(kmodelMagic, kmodelVersion, 0, k210Target, constants.length, mainBytes)
    .u32(nodes.length, inputs.length, outputs.length, 0);
  for (const { range } of inputs) head.range(range);
  for (const { shape } of inputs) head.u32(...shape);
  for (const range of outputs) head.range(range);
  let at = head.length + 8 * nodes.length + constants.length;
  const bodies = nodes.map((node) => {
    const { opcode, body: bare } = bodyOf(node, at);
    const made = { opcode, body: Uint8Array.from([...bare, ...padding(bare.length, bodyAlign)]) };
    at += made.body.length;
    return made;
  });
  for (const { opcode, body } of bodies) head.u32(opcode, body.length);
  head.bytes(constants);
  for (const { body } of bodies) head.bytes(body);
  return head.whole();
}
