// SPDX-License-Identifier: Apache-2.0
// What packing a language model has of its own: its weights as integers, by texts that the float model writes itself, and what
// the pack says of it.
import { loadTarget } from './build/boards.js';
import { openWasmCache } from './build/wasmCache.js';
import { fail } from './cli/errors.js';
import { ownMoments } from './compress/text/ownText.js';
import {
  quantizeText,
  type TextCache,
  type TextWeights,
  textCaches,
  textWeights,
} from './compress/text/quantizeText.js';
import { GraphRunner } from './device/graphRunner.js';
import type { PackManifest } from './generated/pack.js';
import type { Graph } from './model/graph.js';
import type { PackRequest } from './packRequest.js';
import { readTokenizer } from './text/tokenizer.js';

export const tokenizerFile = 'tokenizer.bin';

/** What a pack says of a language model. The tokenizer must have a word for each of its tokens. */
export function textOf({ text }: Graph, request: PackRequest): { text?: PackManifest['text'] } {
  const tokenizer = request.text?.tokenizer;
  if (!text && (tokenizer || request.text?.context !== undefined || request.text?.cache !== undefined))
    fail('text.model', {
      path: request.fileName,
      reason: '--tokenizer, --context and --cache are for language models',
    });
  if (!text) return {};
  if (tokenizer) readTokenizer(tokenizer, text.vocabulary, 'the tokenizer');
  return { text: { ...text, ...(tokenizer ? { tokenizer: tokenizerFile } : {}) } };
}

function weightsOf({ text, calibration, recipe, quantize }: PackRequest): TextWeights | undefined {
  if (calibration || recipe || quantize?.rewrite)
    fail('usage.bad', {
      what: 'a language model is quantized by its own texts: --calib, --recipe and --prune are not for it',
      command: 'pack',
    });
  if (text?.weights === undefined) return undefined;
  const known = textWeights.find((w) => w === text.weights);
  const expected = `${textWeights.join(' or ')} for a language model`;
  return known ?? fail('usage.option', { option: 'weights', expected, got: text.weights });
}

/** Keys and values take a quarter of the memory as int8, and cost next to nothing where the weights have eight bits; with four,
 *  they would take what is left of 5 % of the perplexity, so there they are int8 on request. */
function cacheOf({ text }: PackRequest, weights: TextWeights): TextCache {
  const byDefault = weights === 'int8' ? 'int8' : 'float';
  const known = textCaches.find((c) => c === (text?.cache ?? byDefault));
  return known ?? fail('usage.option', { option: 'cache', expected: textCaches.join(' or '), got: text?.cache ?? '' });
}

/** The float model with its weights as --weights says. */
export async function withTextWeights(graph: Graph, request: PackRequest, notes: string[]): Promise<Graph> {
  const weights = weightsOf(request);
  if (weights === undefined) {
    if (request.text?.cache === undefined) return graph;
    return fail('usage.bad', { what: '--cache goes with --weights int8 or int4g32', command: 'pack' });
  }
  const cache = cacheOf(request, weights);
  if (cache === 'int8')
    notes.push('keys and values of earlier tokens kept as int8, a scale for each head of each token');
  if (weights === 'int8') {
    notes.push('weights int8, a scale per row; activations int8, a scale per token, found as they come');
    return quantizeText(graph, undefined, cache);
  }
  const options = { target: loadTarget('wasm32'), rounding: 'single' as const, cache: await openWasmCache() };
  const moments = ownMoments(graph, await GraphRunner.open(graph, { ...options, keepsState: true }));
  notes.push(
    'weights int4 in groups of 32, rounded by texts that the model writes itself; embedding, classifier, keys and values int8; activations int8, a scale per token, found as they come',
  );
  return quantizeText(graph, moments, cache);
}
