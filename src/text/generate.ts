// SPDX-License-Identifier: Apache-2.0
// Writes a text token by token on a device: the token goes in, the logits of the next one come out. Where a second device is
// given, it goes the same way, and every logit is compared bit by bit.
import { fail } from '../cli/errors.js';
import type { Device } from '../device/device.js';
import { firstDifference, type TensorDifference } from '../device/difference.js';
import type { PackManifest } from '../generated/pack.js';
import { dataFromBytes } from '../model/tensorData.js';
import type { Sampler } from './sampler.js';
import { beginToken, endToken } from './tokenizer.js';

export interface TextSide {
  device: Device;
  manifest: PackManifest;
}

export interface GenerateRequest {
  side: TextSide;
  /** What must give the same logits. */
  twin?: TextSide;
  /** Begins with the token that begins a text. */
  prompt: readonly number[];
  /** Tokens in all, the prompt among them. */
  tokens: number;
  sample: Sampler;
  /** Sees every token after the first, those of the prompt too. */
  onToken?: (token: number, before: number) => void;
}

export interface GeneratedText {
  tokens: number[];
  /** One per step: a text of n tokens takes n - 1, or n where the last one ended it. */
  counts: number[];
  /** Steps whose logits the twin gave too, where there is one. */
  equal: number;
  firstDifference?: TensorDifference & { step: number };
  /** The model ended the text itself. */
  ended: boolean;
}

/** The logits after one more token. */
async function step({ device, manifest }: TextSide, token: number): Promise<{ count: number; logits: Uint8Array }> {
  await device.write(manifest.inputs[0].offset, Uint8Array.from(new Uint8Array(Int32Array.of(token).buffer)));
  const { result, count, guardIntact } = await device.run();
  const { board } = device.info;
  if (!guardIntact) fail('device.guard', { board });
  if (result !== 0) fail('device.fault', { board, reason: `the model returned error ${result}` });
  const [logits] = manifest.outputs;
  return { count, logits: await device.read(logits.offset, logits.bytes) };
}

export async function generateText(request: GenerateRequest): Promise<GeneratedText> {
  const { side, twin, prompt, sample, onToken } = request;
  const text: GeneratedText = { tokens: [prompt[0]], counts: [], equal: 0, ended: false };
  for (const { device } of twin ? [side, twin] : [side]) await device.reset();
  while (text.tokens.length < request.tokens && !text.ended) {
    const before = text.tokens[text.tokens.length - 1];
    const { count, logits } = await step(side, before);
    text.counts.push(count);
    if (twin) {
      const port = side.manifest.outputs[0];
      const difference = firstDifference(port, (await step(twin, before)).logits, logits);
      if (difference) text.firstDifference ??= { step: text.counts.length - 1, ...difference };
      else text.equal++;
    }
    const next = prompt[text.tokens.length] ?? sample(dataFromBytes('float32', logits) as Float32Array);
    text.ended = text.tokens.length >= prompt.length && (next === beginToken || next === endToken);
    if (text.ended) break;
    text.tokens.push(next);
    onToken?.(next, before);
  }
  return text;
}
