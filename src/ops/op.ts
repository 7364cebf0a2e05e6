// SPDX-License-Identifier: Apache-2.0
// What one operator is: one file per operator exports one OpSpec, and src/ops/index.ts lists them.
import type { Target } from '../generated/target.js';
import type { DType, Graph, Node, Quant, Tensor, TensorData } from '../model/graph.js';
import type { Work } from './variants/variant.js';

/** `tflite`: gemmlowp double rounding, as TensorFlow Lite's reference kernels. `single`: one rounding shift. */
export type Rounding = 'tflite' | 'single';

/** What the packer trades for what. `balance`: the fastest kernels that cost no extra flash, the smallest arena they
 *  allow. `speed`: flash for time. `size`: time for flash. `ram`: time for a smaller arena. */
export const preferences = ['balance', 'speed', 'size', 'ram'] as const;
export type Prefer = (typeof preferences)[number];

/** Allowed distances from the beginning of an output to that of the input it lies over; see KernelCall. */
export interface Overlap {
  input: number;
  /** Below 0: the output may begin so much behind the input. */
  lagBytes: number;
  stepBytes?: number;
}

/** A constant array that the packer made for a kernel (weights in kernel order, folded bias, multipliers …). */
export interface ConstArray {
  /** Suffix of the C symbol: `weights`, `bias`, `multiplier`, `shift`, `table` … */
  name: string;
  dtype: 'int8' | 'uint8' | 'int16' | 'uint16' | 'int32' | 'int64' | 'float32';
  data: TensorData;
  /** Shape to print in the comment above it. */
  shape: number[];
  /** Where its elements' own alignment is not enough. */
  alignBytes?: number;
  /** Printed in hexadecimal: words whose bits are fields. */
  hex?: boolean;
  /** What an int8 or int32 array is made of that holds several things in turn, over and over: what an entropy coder should know.
   *  Leaving it out costs size only. */
  sections?: readonly Section[];
}

/** How words of a section follow from each other.
 *  `borrowed`: two int8 in 16 bits as 256 * odd + even: a negative even one borrows from the odd one.
 *  `sums`: of two words the second is 256 times its own plus the first.
 *  `rounds`: the last two of the fields are r = 2^(s-1) + q 2^s, and s; only q is to be known.
 *  `columns`: in each word the two bytes in the middle are the same. */
export type SectionForm = 'borrowed' | 'sums' | 'rounds' | 'columns';

/** Words of an int32 array that are of one kind. */
export interface Section {
  words: number;
  /** Bytes of an element. */
  unit: 1 | 2 | 4;
  /** Elements that are this far apart have the same meaning; 1 unless said. */
  fields?: number;
  /** What follows from its neighbours is not stored: see `SectionForm`. */
  form?: SectionForm;
}

export type FieldValue =
  | number
  | { const: ConstArray }
  | { float: number }
  | { values: number[] }
  | { floats: number[] }
  | null;

/** A C parameter struct: type name in <mote/…>, and all of its fields in its own order (src/device/paramBytes.ts). */
export interface CStruct {
  type: string;
  fields: [name: string, value: FieldValue][];
}

/** One C call: kernel(&params, inputs…, outputs…). Arguments are indices into node.inputs / node.outputs. */
export interface KernelCall {
  kernel: string;
  params: CStruct;
  inputs: number[];
  outputs: number[];
  /** Output 0 may lie over this node input (an index into node.inputs) if it begins `lagBytes`, or that and a multiple
   *  of `stepBytes` (default: 1), before it: the kernel's write front stays behind its read front (overlap.ts). */
  overlap?: Overlap;
  /** Scratch bytes the kernel needs at this call; planned into the arena, passed as last argument when > 0. */
  scratchBytes: number;
  /** A call with any number of inputs and outputs takes arrays of pointers. Its tensors may lie at these offsets in its
   *  scratch, where it then finds them without copying; undefined where there is no such place. */
  pinned?: { inputs: readonly (number | undefined)[]; outputs: readonly (number | undefined)[] };
}

export interface LowerContext {
  graph: Graph;
  rounding: Rounding;
  /** Default: balance. */
  prefer?: Prefer;
  /** The kernels that the target can run, and what they cost (see variants/choose.ts). */
  target: Pick<Target, 'id' | 'isa' | 'costs' | 'codeBytes'>;
}

export interface OpSpec {
  /** IR name, camelCase: `conv2d`. */
  op: string;
  /** Checks attributes, dtypes and shapes of the node and gives the outputs' shape, dtype and (where the operator
   *  fixes it) quantization. Throws MoteError model.shape / model.unsupported with a sentence. */
  infer(node: Node, graph: Graph): { shape: number[]; dtype: DType; quant?: Quant }[];
  /** Multiply-accumulates of one inference. */
  macs(node: Node, graph: Graph): number;
  /** Of the reference kernel, where time does not go with rows, outputs and multiplications (variants/variant.ts). */
  work?(node: Node, graph: Graph): Work;
  /** Index of the node input whose buffer output 0 may overwrite (same bytes, element by element), or undefined. */
  inPlace?(node: Node, graph: Graph): number[];
  /** State: output may lie where the input is, which the call then updates. */
  updates?: readonly { input: number; output: number }[];
  /** In no file: mote makes such nodes itself, so OPERATORS.md leaves them out. */
  madeHere?: boolean;
  /** True when output 0 is input 0 under another shape: no code, same buffer. */
  alias?: boolean;
  /** Why this node cannot be lowered (dtype or attribute without a kernel), and what to change; undefined when it can. */
  unsupported?(node: Node, graph: Graph): { reason: string; change: string } | undefined;
  /** The C call that does it, with all constants prepared. Not called for alias operators. */
  lower(node: Node, ctx: LowerContext): KernelCall;
  /** The slow twin: plain TypeScript, exact for integers (also the rounding), float32 results rounded with Math.fround
   *  per output. Used to fold constants, to make test vectors and to judge the C. `inputs` are in node.inputs order. */
  evaluate(node: Node, inputs: (TensorData | undefined)[], ctx: { graph: Graph; rounding: Rounding }): TensorData[];
}

/** The node's input tensor i, which must be there. */
export function inputOf(node: Node, graph: Graph, i: number): Tensor {
  const t = graph.tensors[node.inputs[i]];
  if (!t) throw new Error(`${node.name}: input ${i} is missing`);
  return t;
}

/** The node's input tensor i, or undefined where it was left out. */
export function optionalInput(node: Node, graph: Graph, i: number): Tensor | undefined {
  const id = node.inputs[i];
  return id === undefined || id < 0 ? undefined : graph.tensors[id];
}
