// SPDX-License-Identifier: Apache-2.0
// A language model writes the text that an independent float implementation writes (test/support/plainLlama.ts).
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { buildFirmware } from '../../src/build/firmware.js';
import { startDevice } from '../../src/device/startDevice.js';
import { startHost } from '../../src/device/wasm.js';
import { buildHost } from '../../src/packFolder.js';
import { importModel } from '../../src/packModel.js';
import { withTextWeights } from '../../src/packText.js';
import { type GeneratedText, generateText } from '../../src/text/generate.js';
import { makeSampler } from '../../src/text/sampler.js';
import { readTokenizer, type Tokenizer } from '../../src/text/tokenizer.js';
import { isPresent } from '../support/equalOnBoard.js';
import { PackRoom, type TestPack } from '../support/packs.js';
import { openTextModel, perplexity, writeText } from '../support/perplexity.js';
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
    // The embedding is the classifier: one table of 512 x 64 and its scales.
    expect(manifest.weightBytes).toBeLessThan(293_000);
    const source = readFileSync(join(dir, manifest.files.sources[0]), 'utf8');
    expect(source.match(/static const int8_t \w+\[32768\]/g)).toHaveLength(1);
    const { tokens } = await greedy({ dir, manifest }, prompt, 40);
    expect(tokens.slice(0, 20)).toEqual(plain.slice(0, 20));
  });

  it('keeps the perplexity of texts that the float model writes within 5 % with int4 weights, within 1 % with int8', async () => {
    const bytes = sharedFile(model);
    const float = importModel(bytes, 'stories260K.bin');
    const writer = await openTextModel(float);
    const texts = [101, 102, 103, 104, 105, 106].map((seed) => writeText(writer, seed, 220));
    expect(Math.min(...texts.map((t) => t.length))).toBeGreaterThan(150);
    const own = perplexity(writer, texts);
    for (const [weights, most] of [
      ['int4g32', 1.05],
      ['int8', 1.01],
    ] as const) {
      const request = { bytes, fileName: 'stories260K.bin', target: 'wasm32', text: { weights } };
      const packed = await openTextModel(await withTextWeights(float, request, []));
      const ratio = perplexity(packed, texts) / own;
      expect(ratio, weights).toBeLessThan(most);
      expect(ratio, weights).toBeGreaterThan(1);
    }
  });

  const board = loadBoard('virtual-m7');
  it.skipIf(!(isPresent(board) || process.env.CI))(
    'writes on virtual-m7 in 131 KB of RAM with keys and values as int8, every logit equal to the host (needs QEMU)',
    async () => {
      const pack = await room.pack(model, {
        target: board.target,
        text: { weights: 'int4g32', cache: 'int8', context: 256 },
      });
      const image = join(room.folder, 'stories.elf');
      const built = await buildFirmware(pack.dir, board, image);
      // Arena with all state, console buffers and the whole reserved stack.
      expect(built.ramBytes).toBeLessThanOrEqual(132_000);
      expect(built.stackBytes).toBeLessThan(board.stackBytes ?? 4096);
      const { wasm, manifest } = await buildHost(pack);
      const twin = { device: await startHost(wasm, manifest), manifest };
      const device = await startDevice(board, image, {});
      try {
        const side = { device, manifest: pack.manifest };
        const text = await generateText({ side, twin, prompt, tokens: 24, sample: makeSampler(0, 1) });
        expect(text.firstDifference).toBeUndefined();
        expect(text.equal).toBe(23);
        expect(Math.max(...text.counts)).toBeLessThan(1_200_000);
      } finally {
        await device.close();
      }
    },
  );
});
