// SPDX-License-Identifier: Apache-2.0
// A reshape that only adds or drops dimensions of size 1 goes above the transpose that it reads, which can then meet others.
import type { Node } from '../model/graph.js';
import { isIdentityPerm } from './constants.js';
import type { GraphEditor } from './editor.js';
import { permOf } from './sinkTranspose.js';

const real = (shape: readonly number[]): number[] => shape.flatMap((size, d) => (size === 1 ? [] : [d]));

/** Returns the new transpose, behind the reshape; undefined where the reshape does more, or moves nothing any more. */
export function squeezeBefore(editor: GraphEditor, transpose: Node, reshape: Node): Node | undefined {
  const perm = permOf(transpose);
  const from = editor.tensor(transpose.inputs[0]);
  const [between, to] = [editor.tensor(transpose.outputs[0]), editor.tensor(reshape.outputs[0])];
  const [kept, wanted] = [real(between.shape), real(to.shape)];
  if (kept.length !== wanted.length || kept.some((d, i) => between.shape[d] !== to.shape[wanted[i]])) return undefined;
  const ones = to.shape.length - wanted.length;
  const sources = real(from.shape);
  const shape = [...new Array<number>(ones).fill(1), ...sources.map((d) => from.shape[d])];
  let one = 0;
  const moved = to.shape.map((size, d) => (size === 1 ? one++ : ones + sources.indexOf(perm[kept[wanted.indexOf(d)]])));
  if (isIdentityPerm(moved)) return undefined;
  const { quant, dtype } = from;
  if ((quant?.scales.length ?? 1) > 1) return undefined;
  const name = `${to.name}/squeezed`;
  const squeezed = editor.addTensor({ name, dtype, shape, ...(quant && { quant }) });
  const outputs = [...reshape.outputs];
  editor.update(reshape, { inputs: [transpose.inputs[0]], outputs: [squeezed], attrs: { shape } });
  const attrs = { perm: moved };
  return editor.addNode({
    op: 'transpose',
    name: `${transpose.name}/${reshape.name}`,
    inputs: [squeezed],
    outputs,
    attrs,
  });
}
