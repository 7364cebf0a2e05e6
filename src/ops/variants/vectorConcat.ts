// SPDX-License-Identifier: Apache-2.0
// lutconcat: concatenation of int8 tensors of different scales by tables of 256 bytes, on Helium and RVV.
import { elementCount, type Node, type Tensor } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import { concat } from '../concat.js';
import { type CStruct, inputOf, type LowerContext } from '../op.js';
import { limitsOf, sameQuant } from '../quantized.js';
import { rescaled, rescaleOf } from '../rescale.js';
import { constant } from '../weighted.js';
import type { Lowered, Variant } from './variant.js';

const letters = ['a', 'b', 'c', 'd'] as const;
const double = (x: number): number => x;

/** All 256 values at the scale of the output; null where nothing changes. */
function tableOf(node: Node, x: Tensor, y: Tensor, rounding: LowerContext['rounding'], letter: string) {
  if (sameQuant(x.quant, y.quant)) return null;
  const compute = rescaled(rescaleOf({ node, x, y }, double), rounding, limitsOf(y));
  const table = Int8Array.from({ length: 256 }, (_, i) => compute((i << 24) >> 24));
  return constant(`${letter}_table`, 'int8', table, [256]);
}

function lower(inputs: number, isa: string) {
  const name = `mote_lutconcat_${'s8'.repeat(inputs)}`;
  return (node: Node, context: LowerContext): Lowered | undefined => {
    const call = concat.lower(node, context);
    if (call.params.type !== `mote_concat_${'s8'.repeat(inputs)}`) return undefined;
    const y = outputOf(node, context.graph);
    const given = new Map(call.params.fields);
    const outer = given.get('outer') as number;
    const fields: CStruct['fields'] = [['outer', outer]];
    for (const [i, letter] of letters.slice(0, inputs).entries()) {
      const x = inputOf(node, context.graph, i);
      fields.push([`${letter}_count`, given.get(`${letter}_count`) as number]);
      fields.push([`${letter}_table`, tableOf(node, x, y, context.rounding, letter)]);
    }
    const work = { pixels: outer * inputs, outputs: elementCount(y.shape), macs: 0 };
    return { call: { ...call, kernel: `${name}__${isa}`, params: { type: name, fields } }, work };
  };
}

export const vectorConcatVariants = (isa: 'mve' | 'rvv'): Variant[] =>
  [2, 3, 4].map((inputs) => ({
    kernel: `mote_lutconcat_${'s8'.repeat(inputs)}__${isa}`,
    op: 'concat',
    isa,
    lower: lower(inputs, isa),
  }));
