// SPDX-License-Identifier: Apache-2.0
// What the built-in compiler made, in the functional model and under the checker of the hardware's rules.
import { blobRegions } from '../../../npuBlob.js';
import { checkStream } from '../../checkStream.js';
import { decodeStream } from '../../commandStream.js';
import { readPayload } from '../../payload.js';
import { runStream } from '../../runStream.js';
import type { Compiled } from '../compileGraph.js';
import { type StreamCycles, streamCycles } from '../streamCycles.js';

const broken = (reason: string): never => {
  throw new Error(reason);
};

const shramRegion = 3;

/** Answers of many inferences: the weights are decoded once. */
export function openCompiled(compiled: Compiled): (inputs: readonly Int8Array[]) => Int8Array[] {
  const { config, words } = readPayload(compiled.payload, broken);
  const operations = decodeStream(words, broken);
  const weights = new Map<string, Int16Array>();
  return (inputs) => {
    const regions: Uint8Array[] = Array.from({ length: blobRegions.count }, () => new Uint8Array(0));
    regions[blobRegions.constants] = compiled.constants;
    // What nobody wrote must not be read: it is not zero.
    regions[blobRegions.scratch] = new Uint8Array(compiled.scratchBytes).fill(0xa5);
    regions[blobRegions.fastScratch] = new Uint8Array(compiled.fastScratchBytes).fill(0xa5);
    regions[shramRegion] = new Uint8Array(config.shramKib * 1024).fill(0xa5);
    const ports = [...compiled.inputs, ...compiled.outputs];
    for (const { region, bytes } of ports) if (region >= blobRegions.ports) regions[region] = new Uint8Array(bytes);
    compiled.inputs.forEach(({ region, offsetBytes }, i) => {
      regions[region].set(Uint8Array.from(inputs[i]), offsetBytes);
    });
    runStream({ config, regions, broken, weights }, operations);
    return compiled.outputs.map(({ region, offsetBytes, bytes }) =>
      Int8Array.from(new Int8Array(regions[region].slice(offsetBytes, offsetBytes + bytes).buffer)),
    );
  };
}

/** Broken rules, one sentence each. */
export function findingsOf({ payload }: Compiled): string[] {
  const { config, words } = readPayload(payload, broken);
  return checkStream(decodeStream(words, broken), config, () => true, broken).map((f) => f.text);
}

/** Estimated cycles of what was emitted. */
export function cyclesOf({ payload }: Compiled): StreamCycles {
  const { config, words } = readPayload(payload, broken);
  return streamCycles(decodeStream(words, broken), config, broken);
}
