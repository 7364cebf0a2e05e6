// SPDX-License-Identifier: Apache-2.0
// A language model writes the text that an independent float implementation writes (test/support/plainLlama.ts).
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startHost } from '../../src/device/wasm.js';
import { buildHost } from '../../src/packFolder.js';
import { type GeneratedText, generateText } from '../../src/text/generate.js';
import { makeSampler } from '../../src/text/sampler.js';
import { readTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { PackRoom, type TestPack } from '../support/packs.js';
import { openPlainLlama, plainGreedy } from '../support/plainLlama.js';
import { describeShared, sharedFile } from '../support/shared.js';

const model = 'models/llm/stories260K.bin';
const words = 'models/llm/tok512.bin';
const promptText = 'Once upon a time';

const room = new PackRoom();
afterAll(() => room.close());

async function greedy({ dir, manifest }: TestPack, prompt: number[], tokens: number): Promise<GeneratedText> {
  const host = await buildHost({ dir, manifest });
  const side = { device: await startHost(host.wasm, host.manifest), manifest: host.manifest };
  return generateText({ side, prompt, tokens, sample: makeSampler(0, 1) });
}

describeShared('stories260K (../shared)', () => {
  let tokenizer: Tokenizer;
  let prompt: number[];
  let plain: number[];
  beforeAll(() => {
    tokenizer = readTokenizer(sharedFile(words), 512, words);
    prompt = tokenizer.encode(promptText);
    plain = plainGreedy(openPlainLlama(sharedFile(model)), prompt, 200);
  });

  it('begins with the words of the prompt', () => {
    expect(prompt).toEqual([1, 403, 407, 261, 378]);
  });

  it('writes in float the same 200 tokens as the plain implementation', async () => {
    const pack = await room.pack(model, { target: 'wasm32', text: { tokenizer: sharedFile(words) } });
    expect(pack.manifest.text).toEqual({ vocabulary: 512, context: 512, tokenizer: 'tokenizer.bin' });
    const { tokens } = await greedy(pack, prompt, 200);
    expect(tokens).toEqual(plain);
    const text = tokens.slice(1).map((t, i) => tokenizer.bytesOf(t, tokens[i]));
    expect(Buffer.concat(text).toString()).toMatch(/^Once upon a time, there was a little girl named Lily\./);
  });

  it('writes with int8 weights the same first 20 tokens, in a quarter of the flash', async () => {
    const { dir, manifest } = await room.pack(model, { target: 'wasm32', text: { weights: 'int8' } });
    expect(manifest.weightBytes).toBeLessThan(330_000);
    const { tokens } = await greedy({ dir, manifest }, prompt, 40);
    expect(tokens.slice(0, 20)).toEqual(plain.slice(0, 20));
  });
});
