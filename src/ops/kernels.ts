// SPDX-License-Identifier: Apache-2.0
// The kernel table runtime-c/kernels/kernels.json: which C function computes an operator for which types on which ISA.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../packageRoot.js';
import type { CStruct, KernelCall } from './op.js';

/** Element types in kernel names; x8, x16 and x32 are moved, not computed with; b1 are signs, 32 to a word (bits.ts); b8 are
 *  bools, a byte each; s4 are weights of four bits. */
export type KernelType = 'f32' | 's4' | 's8' | 's16' | 's32' | 'u8' | 'x8' | 'x16' | 'x32' | 'b1' | 'b8';

// Packed weights (packedConv.ts) are named after their format: int, ternary, trits, binary, palette, sparse, block.

export interface KernelRow {
  /** C symbol: mote_<op>_<types>__<isa>. */
  name: string;
  /** IR name of the operator, or of what several operators share (`lut`). */
  op: string;
  activation: string;
  /** Type of the weights; of the output of a conversion or a binaryConv2d; of a concatenation's further inputs; '' where there is none. */
  weight: string;
  /** Further types of weights. */
  also?: readonly string[];
  isa: string;
  /** Relative to runtime-c/kernels. */
  source: string;
}

/** mote_<op>_<types>[_<feature>]__<isa>[_<rows>x<columns>]; mote/<op>.h declares it. */
export const kernelNamePattern =
  /^mote_([a-z0-9]+)_((?:f32|s4|s8|s16|s32|u8|x8|x16|x32|b1|b8|int|ternary|trits|binary|palette|sparse|block)+)((?:_[a-z0-9]+)*)__([a-z0-9]+)(?:_(\d+)x(\d+))?$/;

export const kernelFolder = join(packageRoot, 'runtime-c', 'kernels');

// Read once: every lowering of a node looks into it.
const rows: readonly KernelRow[] = JSON.parse(readFileSync(join(kernelFolder, 'kernels.json'), 'utf8'));

export const kernelTable = (): readonly KernelRow[] => rows;

/** The C symbol for an operator. Asking for one that is not there is a bug: OpSpec.unsupported comes first. */
export function kernelName(op: string, activation: string, weight = '', isa = 'ref'): string {
  const row = kernelTable().find(
    (r) => r.op === op && r.activation === activation && r.weight === weight && r.isa === isa,
  );
  if (!row) throw new Error(`no kernel for ${op} ${activation}${weight} on ${isa}`);
  return row.name;
}

/** A call of the reference kernel; its parameter struct has the kernel's name without the ISA. */
export function kernelCall(
  op: string,
  types: readonly [activation: KernelType, weight?: string],
  fields: CStruct['fields'],
  inputs: number[] = [0],
): KernelCall {
  const kernel = kernelName(op, types[0], types[1]);
  return { kernel, params: { type: kernel.replace(/__.*$/, ''), fields }, inputs, outputs: [0], scratchBytes: 0 };
}
