// SPDX-License-Identifier: Apache-2.0
// The levels that the allocator chooses among for each layer: a weight format, perhaps behind a split into two thin layers,
// perhaps stored entropy-coded. Names: int4g32, sparse1:4, low50-int8 (two layers with half of the weights), coded3 (int8 of
// 3 bits, decoded as the layer runs), int4@start (decoded once, to stay).
import { fail } from '../../cli/errors.js';
import type { Node } from '../../model/graph.js';
import { elementCount } from '../../model/graph.js';
import { weightRows } from '../../ops/weightMatrix.js';
import { type CodedMode, codedModes } from '../../plan/codedConstants.js';
import { evenRank } from '../lowRank.js';
import { formatRecipe } from '../recipe.js';

/** Kept to formats that have fast kernels somewhere, from most to fewest bits; `--formats` gives others. Ternary weights take
 *  as many bytes as int2 on some targets, and fewer instructions. */
export const defaultLevels = [
  ...['int8', 'int6', 'palette16', 'int4', 'int4g32', 'palette8', 'int3', 'int3g32'],
  ...['palette4', 'int2g16', 'int2', 'ternary'],
] as const;

/** Worth their time only where instructions are limited: without training they lose more than fewer bits of as many bytes. */
const fasterLevels = ['sparse2:4', 'sparse1:4', 'low50'] as const;
const codedLevels = ['coded4', 'coded3', 'coded2.5', 'coded2'] as const;

/** What is offered where nothing is named. */
export const levelNames = ({ cycles, coded }: { cycles: boolean; coded?: CodedMode }): string[] => [
  ...defaultLevels,
  ...(cycles ? fasterLevels : []),
  ...(coded ? codedLevels.map((l) => `${l}@${coded}`) : []),
];

export interface Level {
  name: string;
  /** As recipes have it. */
  weights: string;
  /** When its constants are decoded, where they are stored entropy-coded. */
  coded?: CodedMode;
  /** Percent of the weights that are left when the layer becomes two. */
  low?: number;
}

const pattern = /^(?:low(\d{1,2})(?:-|$|(?=@)))?(.*?)(?:@(\w+))?$/;

export function parseLevel(name: string): Level {
  const [, low, format = '', when] = pattern.exec(name) ?? [];
  const weights = format === '' && low !== undefined ? 'int8' : format;
  const { rate } = formatRecipe(weights, 'formats');
  const mode = codedModes.find((m) => m === when);
  if ((when !== undefined && !mode) || Number(low) === 0)
    fail('usage.option', {
      option: 'formats',
      expected: 'formats as int4, low50-int8, coded3 or int4@start',
      got: name,
    });
  const coded = mode ?? (rate === undefined ? undefined : 'stream');
  return { name, weights, ...(coded ? { coded } : {}), ...(low === undefined ? {} : { low: Number(low) }) };
}

/** Channels between the two layers; undefined where the layer stays one. */
export function rankOf({ low }: Level, node: Node, shape: readonly number[]): number | undefined {
  if (low === undefined) return undefined;
  const rows = weightRows(node.op, shape);
  const rank = Math.floor((low / 100) * evenRank(rows, elementCount(shape) / rows));
  return rank >= 1 && rank < rows ? rank : undefined;
}

/** What goes with a layer's own error in the same way: errors of a lower rank are another kind than those of rounding, and
 *  rounding for a rate looks at what errors do behind the layer. */
export const familyOf = ({ low, weights }: Level): string =>
  `${low === undefined ? 'whole' : 'low'} ${weights.startsWith('coded') ? 'coded' : 'even'}`;
