// SPDX-License-Identifier: Apache-2.0
// Which weight format and rounding each layer gets: from one name for all layers (`--weights`), or from a recipe file.

import { nearest } from '../build/nearest.js';
import { fail } from '../cli/errors.js';
import type { Recipe } from '../generated/recipe.js';
import type { Graph, Node } from '../model/graph.js';
import { weightRows } from '../ops/weightMatrix.js';
import { isWeighted } from '../passes/affine.js';
import type { CodedMode } from '../plan/codedConstants.js';
import { type DenseEncoding, type Encoding, parseEncoding } from './formats/encoding.js';
import type { LayerRecipe, RecipeOf, RoundMethod } from './layerRecipe.js';
import { wholeName } from './lowRank.js';

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

/** `coded2.5`: int8 on a grid so coarse that entropy coding takes so many bits a weight; `trellis2.5`: along a trellis. */
const codedPattern = /^(coded|trellis)(\d(?:\.\d{1,2})?)$/;

/** Reads the name of a format; the encoding is narrowed to each layer's columns. */
export function formatRecipe(name: string, option: string): LayerRecipe {
  const [, form, number = 0] = codedPattern.exec(name) ?? [];
  const rate = Number(number);
  const trellis = form === 'trellis' ? { trellis: true } : {};
  if (rate > 0) return { encoding: { kind: 'int', bits: 8, group: 0 }, method: 'output', rate, ...trellis };
  return { encoding: encodingFor(name, option), method: 'output' };
}

const forLayer = (level: LayerRecipe, node: Node, shape: readonly number[]): LayerRecipe => ({
  ...level,
  encoding: narrowed(level.encoding, columnsOf(node, shape)),
});

/** A rate that is not one layer's own is shared by all that have it. */
const forAll = (level: LayerRecipe): LayerRecipe => (level.rate === undefined ? level : { ...level, shared: true });

/** One level of the allocator for one layer. */
export function levelRecipe(name: string, node: Node, shape: readonly number[]): LayerRecipe {
  return forLayer(formatRecipe(name, 'formats'), node, shape);
}

/** One format for every layer. */
export function uniformRecipe(name: string, method: RoundMethod = 'output'): RecipeOf {
  const level = forAll({ ...formatRecipe(name, 'weights'), method });
  return (node, shape) => forLayer(level, node, shape);
}

/** A recipe file's layers; those it does not name take its `default`, or stay int8. */
export function recipeFrom(recipe: Recipe): RecipeOf {
  const read = (entry: Recipe['default']): LayerRecipe | undefined =>
    entry && {
      ...formatRecipe(entry.weights, 'recipe'),
      ...(entry.method === undefined ? {} : { method: entry.method }),
      ...(entry.kept === undefined ? {} : { keptShare: entry.kept }),
      ...(entry.outliers === undefined ? {} : { outlierShare: entry.outliers }),
    };
  const layers = new Map(Object.entries(recipe.layers).map(([name, entry]) => [name, read(entry)]));
  const given = read(recipe.default);
  const otherwise = given && forAll(given);
  return (node, shape) => {
    const found = layers.get(node.name) ?? layers.get(wholeName(node.name)) ?? otherwise;
    return found && forLayer(found, node, shape);
  };
}

/** How the recipe has each layer's constants stored; undefined where it says nothing of that at all. */
export function codedFrom({ layers, default: otherwise }: Recipe): ((node: Node) => CodedMode | undefined) | undefined {
  if (![otherwise, ...Object.values(layers)].some((entry) => entry?.coded)) return undefined;
  return ({ name }) => (layers[name] ?? layers[wholeName(name)] ?? otherwise)?.coded;
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
