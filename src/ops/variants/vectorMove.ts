// SPDX-License-Identifier: Apache-2.0
// transpose, slice and pad of 8- and 16-bit elements on Helium and RVV: the reference kernels' parameters.
import { elementCount, type Node } from '../../model/graph.js';
import { outputOf } from '../attributes.js';
import type { LowerContext, OpSpec } from '../op.js';
import { pad } from '../pad.js';
import { slice } from '../slice.js';
import { transpose } from '../transpose.js';
import type { Lowered, Variant } from './variant.js';

/** Below this a row's loop costs more than it saves. */
const shortestRow = 4;

const moves: readonly { spec: OpSpec; family: string }[] = [
  { spec: transpose, family: 'stridedcopy' },
  { spec: slice, family: 'stridedcopy' },
  { spec: pad, family: 'pad' },
];

function lower(spec: OpSpec, name: string, isa: string) {
  return (node: Node, context: LowerContext): Lowered | undefined => {
    const call = spec.lower(node, context);
    if (call.params.type !== name) return undefined;
    const outputs = elementCount(outputOf(node, context.graph).shape);
    const dims = call.params.fields.find(([field]) => field === 'dims')?.[1] as { values: number[] };
    if (dims.values[4] < shortestRow) return undefined;
    return {
      call: { ...call, kernel: `${name}__${isa}` },
      work: { pixels: outputs / dims.values[4], outputs, macs: 0 },
    };
  };
}

export const vectorMoveVariants = (isa: 'mve' | 'rvv'): Variant[] =>
  moves.flatMap(({ spec, family }) =>
    ['x8', 'x16'].map((type) => ({
      kernel: `mote_${family}_${type}__${isa}`,
      op: spec.op,
      isa,
      lower: lower(spec, `mote_${family}_${type}`, isa),
    })),
  );
