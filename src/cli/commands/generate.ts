// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { startHost } from '../../device/wasm.js';
import type { PackManifest } from '../../generated/pack.js';
import { buildHost, openPack, type PackFolder } from '../../packFolder.js';
import { grouped } from '../../report/table.js';
import { type GeneratedText, type GenerateRequest, generateText, type TextSide } from '../../text/generate.js';
import { makeSampler } from '../../text/sampler.js';
import { readTokenizer, type Tokenizer } from '../../text/tokenizer.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { fail, MoteError } from '../errors.js';
import { readInput } from '../files.js';
import { numberOption } from '../numberOption.js';
import type { Output } from '../output.js';
import { boardFor } from './build.js';
import { withDevice } from './run.js';

/** --temperature means nothing finite below this; 0 is greedy. */
const leastTemperature = 0.01;

async function tokenizerOf({ dir, manifest }: PackFolder, options: OptionValues): Promise<Tokenizer> {
  const model = manifest.text ?? fail('text.model', { path: dir, reason: 'it holds no language model' });
  const given = text(options, 'tokenizer');
  const path = given ?? (model.tokenizer === undefined ? undefined : join(dir, model.tokenizer));
  if (path === undefined)
    fail('usage.bad', { what: 'no tokenizer: neither the pack nor --tokenizer has one', command: 'generate' });
  return readTokenizer(await readInput(path), model.vocabulary, path);
}

/** A whole number in a range. */
function wholeOption(options: OptionValues, option: string, usual: number, [least, most]: [number, number]): number {
  const value = numberOption(options, option, option, usual, least);
  if (!Number.isInteger(value) || value > most)
    fail('usage.option', { option, expected: `a whole number from ${least} to ${most}`, got: `${value}` });
  return value;
}

function temperatureOf(options: OptionValues): number {
  const value = numberOption(options, 'temperature', 'temperature', 0, 0);
  if (value > 0 && value < leastTemperature)
    fail('usage.option', { option: 'temperature', expected: `0 or from ${leastTemperature} up`, got: `${value}` });
  return value;
}

type Settings = Pick<GenerateRequest, 'prompt' | 'tokens' | 'sample'>;

function settingsOf(options: OptionValues, manifest: PackManifest, tokenizer: Tokenizer): Settings {
  const context = manifest.text?.context ?? 0;
  const prompt = tokenizer.encode(text(options, 'prompt') ?? '');
  const tokens = wholeOption(options, 'tokens', Math.min(200, context), [2, context]);
  if (prompt.length >= tokens)
    fail('text.prompt', { reason: `it has ${prompt.length} tokens, which leaves none of ${tokens} to write` });
  const seed = wholeOption(options, 'seed', 1, [0, 2 ** 32 - 1]);
  return { prompt, tokens, sample: makeSampler(temperatureOf(options), seed) };
}

/** Writes on the host alone, or on a board with the host beside it. */
async function write(
  folder: PackFolder,
  options: OptionValues,
  out: Output,
  request: Omit<GenerateRequest, 'side'>,
): Promise<{ result: GeneratedText; board?: string; unit: string; source: string }> {
  const { wasm, manifest } = await buildHost(folder);
  const host: TextSide = { device: await startHost(wasm, manifest), manifest };
  const [id, port] = [text(options, 'board'), text(options, 'port')];
  if (id === undefined && port === undefined)
    return { result: await generateText({ ...request, side: host }), unit: 'none', source: 'emulated' };
  const board = boardFor(folder.manifest, id);
  return withDevice(folder.dir, folder.manifest, board, port, out, async (device) => ({
    result: await generateText({ ...request, side: { device, manifest: folder.manifest }, twin: host }),
    board: board.id,
    ...device.info.counter,
  }));
}

const differenceOf = ({ firstDifference: d }: GeneratedText): MoteError | undefined =>
  d &&
  new MoteError('run.differ', {
    what: `step ${d.step} differs from the host, logit ${d.element}: ${d.got}, must be ${d.expected}`,
  });

/** Tokens for each million counts, over the whole text. */
const perMillion = (counts: readonly number[]): number => (1e6 * counts.length) / counts.reduce((a, b) => a + b, 0);

function countLines(result: GeneratedText, unit: string, source: string): string[] {
  if (unit === 'none' || result.counts.length === 0) return [];
  const sum = result.counts.reduce((a, b) => a + b, 0);
  const each = `${grouped(Math.round(sum / result.counts.length))} ${unit} (${source}) each on average`;
  return [
    `speed   ${perMillion(result.counts).toFixed(3)} tokens per million ${unit}: ${grouped(result.counts.length)} steps, ${each}, ${grouped(result.counts[0])} the first, ${grouped(result.counts[result.counts.length - 1])} the last`,
  ];
}

export const generate: CommandSpec = {
  name: 'generate',
  summary: 'write a text with a packed language model, token by token, on this machine, a board or its emulator',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote from a llama2.c checkpoint' }],
  options: [
    { flags: '--prompt <text>', text: 'how the text begins (default: the model begins it)' },
    { flags: '--tokens <n>', text: 'tokens in all, the prompt among them (default 200; at most the context)' },
    {
      flags: '--temperature <t>',
      text: '0 takes the most probable token each time (default); 1 draws as the model says',
    },
    { flags: '--seed <n>', text: 'of what --temperature draws (default 1)' },
    { flags: '--board <id>', text: 'write on this board or its emulator; every logit is compared with the host' },
    { flags: '--port <path>', text: 'serial port or tcp:HOST:PORT of a board that has the firmware' },
    { flags: '--tokenizer <file>', text: 'tokenizer of llama2.c (default: that of the pack)' },
  ],
  async run([dir], options, out) {
    const folder = await openPack(dir);
    const { manifest } = folder;
    const tokenizer = await tokenizerOf(folder, options);
    const settings = settingsOf(options, manifest, tokenizer);
    const decoder = new TextDecoder();
    let written = '';
    const show = (bytes: Uint8Array, stream: boolean): void => {
      const piece = decoder.decode(bytes, { stream });
      written += piece;
      // biome-ignore lint/suspicious/noControlCharactersInRegex: a tokenizer's words give the terminal no orders
      out.stream(piece.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g, '\u00b7'));
    };
    const onToken = (token: number, before: number): void => show(tokenizer.bytesOf(token, before), true);
    const { result, board, unit, source } = await write(folder, options, out, { ...settings, onToken });
    show(new Uint8Array(0), false);
    const counted = unit !== 'none' && result.counts.length > 0;
    return {
      data: {
        name: manifest.name,
        hash: manifest.hash,
        board: board ?? null,
        text: written,
        tokens: result.tokens,
        promptTokens: settings.prompt.length,
        ended: result.ended,
        compared: board === undefined ? 0 : result.counts.length,
        equal: result.equal,
        firstDifference: result.firstDifference ?? null,
        counts: counted ? { unit, source, perStep: result.counts, tokensPerMillion: perMillion(result.counts) } : null,
      },
      lines: [
        '',
        '',
        `tokens  ${result.tokens.length}, ${settings.prompt.length} of them the prompt${result.ended ? '; the model ended the text' : ''}`,
        ...countLines(result, unit, source),
        ...(board === undefined
          ? []
          : [
              `equal   ${result.equal} of ${result.counts.length} steps on ${board}, every logit bit by bit with the host`,
            ]),
      ],
      error: differenceOf(result),
    };
  },
};
