// SPDX-License-Identifier: Apache-2.0
// Versions of the operator sets that nodes belong to.
import { fail } from '../../cli/errors.js';
import { damaged } from './protobuf.js';
import type { NodeProto, OpsetId } from './schema.js';

// In opset 6 only broadcasting is written differently (see plain.ts); of older ones, what has not changed since.
export const oldestOpset = 6;
const unchanged: ReadonlySet<string> = new Set(
  'Not And Or Xor Softplus Softsign Transpose Identity Flatten Constant Shape Size Gather GlobalAveragePool GlobalMaxPool'.split(
    ' ',
  ),
);

/** The default domain has two names. */
export const domainOf = (domain: string): string => (domain === 'ai.onnx' ? '' : domain);

/** Version of each operator set by domain. What a function does not say it has from the model (`around`). */
export function readOpsets(
  stated: readonly OpsetId[],
  nodes: readonly NodeProto[],
  around: ReadonlyMap<string, number> = new Map(),
): ReadonlyMap<string, number> {
  const opsets = new Map(around);
  for (const { domain, version } of stated) opsets.set(domainOf(domain), version);
  const main = opsets.get('') ?? damaged('it does not say which operator set it uses');
  if (!(main >= oldestOpset || nodes.every((n) => unchanged.has(n.opType)))) {
    fail('model.unsupported', {
      node: 'model',
      op: `opset ${main}`,
      reason: `mote reads opset ${oldestOpset} and newer`,
      change: 'convert it with onnx.version_converter, or export it again',
    });
  }
  return opsets;
}
