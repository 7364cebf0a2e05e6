// SPDX-License-Identifier: Apache-2.0
// Text in a graph: numbers whose tensor lists what each stands for. Labels of classifiers are such; nothing computes with
// them but what moves elements, or maps one list to another.
import { NO_TENSOR, type Tensor, type TensorId } from '../graph.js';
import { refuse } from '../refusal.js';

/** ONNX operators that move texts, of constants too. */
export const movesText: ReadonlySet<string> = new Set([
  'Constant',
  'Flatten',
  'Gather',
  'Identity',
  'Reshape',
  'Slice',
  'Squeeze',
  'Transpose',
  'Unsqueeze',
]);

/** IR operators that hand on the texts of input 0. */
const keepsLabels: ReadonlySet<string> = new Set(['gather', 'reshape', 'slice', 'transpose']);

export const textRefusal = [
  'it computes with text',
  'map words to numbers before the model, and numbers to words behind it',
] as const;

/** The texts of what `op` gives for these inputs. Indices of a gather may stand for texts: it maps them to others. */
export function labelsBehind(
  op: string,
  inputs: readonly TensorId[],
  tensors: readonly Tensor[],
): readonly string[] | undefined {
  const found = inputs.map((id) => (id === NO_TENSOR ? undefined : tensors[id].labels));
  if (found.every((labels) => labels === undefined)) return undefined;
  return keepsLabels.has(op) ? found[0] : refuse(...textRefusal);
}
