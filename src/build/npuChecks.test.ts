// SPDX-License-Identifier: Apache-2.0
// Streams in images that mote did not build: named before anything is flashed where the board's NPU is another one.
import { describe, expect, it } from 'vitest';
import { writePayload } from '../npu/ethosu/builtin/writePayload.js';
import { ethosHardware } from '../npu/ethosu/hardware.js';
import { loadBoard } from './boards.js';
import { requireForeignStreams, streamConfigs } from './npuChecks.js';

const at = 0x1000;
const imageFor = (part: string) => {
  const bytes = new Uint8Array(4096);
  bytes.set(writePayload([0xffff0000], ethosHardware[part], part.includes('u65') ? 'u65' : 'u55'), 1024);
  return [{ address: at, bytes }];
};

describe('streams in an image', () => {
  it.each(Object.keys(ethosHardware))('are found: %s', (part) => {
    expect(streamConfigs(imageFor(part))).toEqual([{ address: at + 1024, config: part, word: expect.any(Number) }]);
  });

  it('must be for the NPU of the board', () => {
    const grove = loadBoard('grove-vision-ai-v2');
    expect(() => requireForeignStreams(imageFor('ethos-u55-64'), grove)).not.toThrow();
    expect(() => requireForeignStreams(imageFor('ethos-u55-256'), grove)).toThrow(
      /command stream at 0x1400 \(word 0x3008\) for an ethos-u55-256, grove-vision-ai-v2 has an ethos-u55-64; nothing was flashed/,
    );
    expect(() => requireForeignStreams(imageFor('ethos-u55-64'), loadBoard('maix-bit'))).toThrow(/has a k210/);
  });

  it('mean nothing to a board without one, nor do four letters', () => {
    expect(() => requireForeignStreams(imageFor('ethos-u55-64'), loadBoard('virtual-m55'))).not.toThrow();
    const bytes = Uint8Array.from({ length: 64 }, (_, i) => 'COP1'.charCodeAt(i % 16) || 0xff);
    expect(streamConfigs([{ address: at, bytes }])).toEqual([]);
  });
});
