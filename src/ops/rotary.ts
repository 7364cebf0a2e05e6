// SPDX-License-Identifier: Apache-2.0
// rotary: rotary position embedding (Su et al., RoFormer, arXiv 2104.09864). Rows of heads; in each head pairs of elements are
// turned by the angle whose cosine and sine the row has: neighbours (`interleaved`), or element i and i + rotated / 2.
import { elementCount, type Graph, type Node } from '../model/graph.js';
import { badShape, given, int } from './attributes.js';
import { kernelCall } from './kernels.js';
import { inputOf, type OpSpec } from './op.js';

const f = Math.fround;

interface Geometry {
  rows: number;
  heads: number;
  headSize: number;
  /** Elements of a head that are turned, its first ones. */
  rotated: number;
  interleaved: boolean;
}

function geometry(node: Node, graph: Graph): Geometry {
  const headSize = int(node, 'headSize', { min: 2, max: 65_536 });
  const [x, cosines, sines] = [0, 1, 2].map((i) => inputOf(node, graph, i));
  const width = x.shape.at(-1) ?? 0;
  const rows = elementCount(x.shape) / width;
  const half = (cosines.shape.at(-1) ?? 0) as number;
  if (width % headSize !== 0) badShape(node, `rows of ${width} are not heads of ${headSize}`);
  if (elementCount(cosines.shape) !== rows * half || elementCount(sines.shape) !== rows * half || 2 * half > headSize)
    badShape(node, `angles [${cosines.shape}] and [${sines.shape}] do not fit ${rows} rows of heads of ${headSize}`);
  return { rows, heads: width / headSize, headSize, rotated: 2 * half, interleaved: node.attrs.interleaved === true };
}

/** Where the elements of pair i of a head are. */
const pairOf = ({ interleaved, rotated }: Geometry, i: number): [number, number] =>
  interleaved ? [2 * i, 2 * i + 1] : [i, i + rotated / 2];

export const rotary: OpSpec = {
  op: 'rotary',
  infer(node, graph) {
    const { shape, dtype } = inputOf(node, graph, 0);
    geometry(node, graph);
    return [{ shape: [...shape], dtype }];
  },
  macs: (node, graph) => 2 * elementCount(inputOf(node, graph, 0).shape),
  inPlace: () => [0],
  unsupported(node, graph) {
    const tensors = [0, 1, 2].map((i) => inputOf(node, graph, i));
    if (tensors.some((t) => t.dtype !== 'float32'))
      return { reason: 'it has a kernel for float32 only', change: 'keep this layer in float32' };
    return tensors.some((t) => t.data)
      ? { reason: 'one of its inputs is constant', change: 'compute the angles from a position' }
      : undefined;
  },
  lower(node, { graph }) {
    const { rows, heads, headSize, rotated, interleaved } = geometry(node, graph);
    const fields: [string, number][] = [
      ['rows', rows],
      ['heads', heads],
      ['head_size', headSize],
      ['rotated', rotated],
      ['interleaved', interleaved ? 1 : 0],
    ];
    return kernelCall('rotary', ['f32'], fields, [0, 1, 2]);
  },
  evaluate(node, inputs, { graph }) {
    const g = geometry(node, graph);
    const out = Float32Array.from(given(node, inputs, 0));
    const [cosines, sines] = [given(node, inputs, 1), given(node, inputs, 2)];
    for (let head = 0; head < g.rows * g.heads; head++) {
      const angles = (Math.floor(head / g.heads) * g.rotated) / 2;
      for (let i = 0; i < g.rotated / 2; i++) {
        const [a, b] = pairOf(g, i).map((at) => head * g.headSize + at);
        const [x, y] = [out[a], out[b]];
        const [c, s] = [cosines[angles + i], sines[angles + i]];
        out[a] = f(f(x * c) - f(y * s));
        out[b] = f(f(x * s) + f(y * c));
      }
    }
    return [out];
  },
};
