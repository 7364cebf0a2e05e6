// SPDX-License-Identifier: Apache-2.0
// Rows of what ONNX Runtime's graph optimizer makes of several nodes (docs/ContribOperators.md of onnxruntime): taken apart
// again.
import type { TensorId } from '../graph.js';
import { refuse } from '../refusal.js';
import { productWith } from './dense.js';
import type { Convert } from './elementwise.js';
import { range } from './layout.js';
import type { OnnxNode } from './node.js';
import { asVector } from './norms.js';

const shapeOf = (n: OnnxNode, id: TensorId): number[] => n.values.graph.tensors[id].shape;

/** A sum and the norm of it: input, skip, scale, bias of the norm (only with a mean), bias of the sum. */
const skipNorm =
  (centre: boolean): Convert =>
  (n) => {
    const depth = n.shape(0).at(-1) ?? 1;
    const own = centre ? 4 : 3;
    if (n.hasOutput(1) || n.hasOutput(2)) refuse('it also gives its mean', 'export it without these outputs');
    const sum = n.temporary('add', [n.id(0), n.id(1)], {}, 'sum');
    const biased = n.has(own) ? n.temporary('add', [sum, n.id(own)], {}, 'biased') : sum;
    n.bind({ kind: 'computed', id: biased }, 3);
    const constants = [asVector(n, 2, depth), ...(centre && n.has(3) ? [asVector(n, 3, depth)] : [])];
    const epsilon = n.float('epsilon', 1e-12);
    if (!(epsilon >= 0 && epsilon < 1e9)) n.broken(`epsilon is ${epsilon}`);
    n.emit('layerNorm', [biased, ...constants], { depth, epsilon, centre });
  };

/** alpha * A' * B' */
const convertFusedMatMul: Convert = (n) => {
  if (n.int('transBatchA', 0) !== 0 || n.int('transBatchB', 0) !== 0)
    refuse('it exchanges batch and rows', 'export the model without graph fusion');
  const rank = n.shape(0).length;
  if (rank < 2 || n.shape(1).length < 2) n.broken('a product of less than two dimensions');
  const perm = [...range(rank - 2), rank - 1, rank - 2];
  const left = n.int('transA', 0) !== 0 ? n.temporary('transpose', [n.id(0)], { perm }, 'turned') : n.id(0);
  const product = productWith(n, left, 1, n.int('transB', 0) !== 0, 'product');
  const alpha = n.float('alpha', 1);
  if (alpha === 1) n.bind({ kind: 'computed', id: product });
  else n.emit('mul', [product, n.number('alpha', alpha)], {});
};

const convertBiasGelu: Convert = (n) => {
  n.emit('gelu', [n.temporary('add', [n.id(0), n.id(1)], {}, 'biased')], {});
};

/** x * logistic(alpha * x) */
const convertQuickGelu: Convert = (n) => {
  const scaled = n.temporary('mul', [n.id(0), n.number('alpha', n.float('alpha', 1.702))], {}, 'scaled');
  n.emit('mul', [n.id(0), n.temporary('logistic', [scaled], {}, 'logistic')], {});
};

/** Bias and residual of a layer: x + bias + skip. */
const convertBiasAdd: Convert = (n) => {
  const biased = n.temporary('add', [n.id(0), n.id(1)], {}, 'biased');
  if (shapeOf(n, n.id(2)).join() !== n.shape(0).join()) n.broken(`a skip of shape [${n.shape(2)}]`);
  n.emit('add', [biased, n.id(2)], {});
};

export const fused: Readonly<Record<string, Convert>> = {
  'com.microsoft.SkipLayerNormalization': skipNorm(true),
  'com.microsoft.SkipSimplifiedLayerNormalization': skipNorm(false),
  'com.microsoft.FusedMatMul': convertFusedMatMul,
  'com.microsoft.BiasGelu': convertBiasGelu,
  'com.microsoft.QuickGelu': convertQuickGelu,
  'com.microsoft.BiasAdd': convertBiasAdd,
};
