// SPDX-License-Identifier: Apache-2.0
// Which weight format and rounding each layer gets: from one name for all layers (`--weights`), or from a recipe file.

import { nearest } from '../build/nearest.js';
import { fail } from '../cli/errors.js';
import type { Recipe } from '../generated/recipe.js';
import type { Graph, Node } from '../model/graph.js';
import { weightRows } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import { type DenseEncoding, type Encoding, parseEncoding } from './formats/encoding.js';
import { wholeName } from './lowRank.js';
import type { LayerRecipe, RoundMethod } from './roundWeights.js';

/** The recipe of a layer with weights of this shape. */
export type RecipeOf = (node: Node, shape: readonly number[]) => LayerRecipe | undefined;

/** An encoding whose groups are wider than the rows needs no groups. */
function narrowed<E extends Encoding>(e: E, columns: number): E {
  if (e.kind === 'outliers') return { ...e, base: narrowed(e.base as DenseEncoding, columns) };
  if ((e.kind === 'int' || e.kind === 'ternary') && e.group >= columns) return { ...e, group: 0 };
  return e;
}

export function encodingFor(name: string, option: string): Encoding {
  return (
    parseEncoding(name) ??
    fail('usage.option', {
      option,
      expected: 'a weight format as int4, int4g32, ternary, palette16 or sparse1:4',
      got: name,
    })
  );
}

const columnsOf = (node: Node, shape: readonly number[]): number =>
  shape.reduce((a, b) => a * b, 1) / weightRows(node.op, shape);

/** One level of the allocator for one layer. */
export function levelRecipe(name: string, node: Node, shape: readonly number[]): LayerRecipe {
  return { encoding: narrowed(encodingFor(name, 'formats'), columnsOf(node, shape)), method: 'output' };
}

/** One format for every layer. */
export function uniformRecipe(name: string, method: RoundMethod = 'output'): RecipeOf {
  const encoding = encodingFor(name, 'weights');
  return (node, shape) => ({ encoding: narrowed(encoding, columnsOf(node, shape)), method });
}

/** A recipe file's layers; those it does not name take its `default`, or stay int8. */
export function recipeFrom(recipe: Recipe): RecipeOf {
  const read = (entry: Recipe['default']): LayerRecipe | undefined =>
    entry && {
      encoding: encodingFor(entry.weights, 'recipe'),
      method: entry.method ?? 'output',
      ...(entry.kept === undefined ? {} : { keptShare: entry.kept }),
      ...(entry.outliers === undefined ? {} : { outlierShare: entry.outliers }),
    };
  const layers = new Map(Object.entries(recipe.layers).map(([name, entry]) => [name, read(entry)]));
  const otherwise = read(recipe.default);
  return (node, shape) => {
    const found = layers.get(node.name) ?? layers.get(wholeName(node.name)) ?? otherwise;
    return found && { ...found, encoding: narrowed(found.encoding, columnsOf(node, shape)) };
  };
}

/** Layers that can have a format: those with constant weights. */
const layersOf = (graph: Graph): string[] =>
  graph.nodes.filter((n) => isWeighted(n) && graph.tensors[n.inputs[1]].data !== undefined).map((n) => n.name);

/** Every layer that the recipe names must be there: a name that nothing has would be skipped in silence. */
export function requireLayers(recipe: Recipe, graph: Graph): void {
  const known = layersOf(graph);
  const unknown = Object.keys(recipe.layers).find((name) => !known.includes(name));
  if (unknown === undefined) return;
  const [near] = nearest(unknown, known);
  fail('recipe.layer', { name: unknown, suggestion: near === undefined ? '' : `, did you mean '${near}'?` });
}
