// SPDX-License-Identifier: Apache-2.0
// Texts that a language model writes, and how surprised it, or another, is by them. Runs on the C kernels as WebAssembly.
import { loadTarget } from '../../src/build/boards.js';
import { openWasmCache } from '../../src/build/wasmCache.js';
import { GraphRunner } from '../../src/device/graphRunner.js';
import type { Graph } from '../../src/model/graph.js';
import { makeSampler } from '../../src/text/sampler.js';
import { beginToken, endToken } from '../../src/text/tokenizer.js';

export interface TextModel {
  reset(): void;
  /** The logits after one more token. */
  next(token: number): Float32Array;
}

export async function openTextModel(graph: Graph): Promise<TextModel> {
  const cache = await openWasmCache();
  const runner = await GraphRunner.open(graph, {
    target: loadTarget('wasm32'),
    rounding: 'single',
    cache,
    keepsState: true,
  });
  return {
    reset: () => runner.reset(),
    next(token) {
      let logits: Float32Array = new Float32Array();
      runner.run([Int32Array.of(token)], (id, data) => {
        if (id === graph.outputs[0]) logits = data.slice() as Float32Array;
      });
      return logits;
    },
  };
}

/** A text drawn at temperature 1. */
export function writeText(model: TextModel, seed: number, tokens: number): number[] {
  const sample = makeSampler(1, seed);
  const text = [beginToken];
  model.reset();
  while (text.length < tokens) {
    const token = sample(model.next(text[text.length - 1]));
    if (token === beginToken || token === endToken) break;
    text.push(token);
  }
  return text;
}

/** exp of the mean of -log p over all tokens after the first of each text. */
export function perplexity(model: TextModel, texts: readonly (readonly number[])[]): number {
  let [sum, count] = [0, 0];
  for (const text of texts) {
    model.reset();
    for (const [i, token] of text.slice(0, -1).entries()) {
      const logits = model.next(token);
      const most = Math.max(...logits);
      sum += Math.log(logits.reduce((a, v) => a + Math.exp(v - most), 0)) + most - logits[text[i + 1]];
      count++;
    }
  }
  return Math.exp(sum / count);
}
