// SPDX-License-Identifier: Apache-2.0
// How many blocks may be unfinished when an operation begins: beside what Arm's compilers wrote, and one more is a hazard.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { headOf, referenceModel } from '../../../test/support/ethosModels.js';
import { describeShared, sharedFile } from '../../../test/support/shared.js';
import { mostBlocks } from './blockDependency.js';
import { blockDependencies } from './blockHazards.js';
import { compileGraph } from './builtin/compileGraph.js';
import { fileOperations } from './builtin/testing/velaOperations.js';
import { checkStream } from './checkStream.js';
import { decodeStream } from './commandStream.js';
import { ethosHardware } from './hardware.js';
import { type Area, areasMeet, clipped } from './mapArea.js';
import type { MapRegisters } from './operation.js';
import { readPayload } from './payload.js';
import { kernelOperations, type StreamOperation } from './registers.js';

const broken = (reason: string): never => {
  throw new Error(reason);
};

const streams = ['micro_speech_ethos-u55-32', 'micro_speech_ethos-u55-64', 'micro_speech_ethos-u55-256'];
const people = 'person_detect_ethos-u55-64';

const compiled = (model: string, part: string, prefer?: 'ram') => {
  const graph = headOf(referenceModel(model).graph);
  const { payload } = compileGraph(graph, part, prefer ? { prefer } : {});
  const { config, words } = readPayload(payload, broken);
  return { config, operations: decodeStream(words, broken) };
};

const withDependency = (operation: StreamOperation, blocks: number): StreamOperation => ({
  ...operation,
  registers: { ...operation.registers, short: { ...operation.registers.short, BLOCKDEP: blocks } },
});

describeShared('BLOCKDEP', () => {
  it.each([...streams, people])('of %s is never above the largest that is right, and most often that', (file) => {
    const part = /ethos-u55-\d+/.exec(file)?.[0] ?? '';
    const operations = fileOperations(sharedFile(`npu/ethos/${file}.tflite`));
    const found = blockDependencies(operations, ethosHardware[part], broken);
    expect(found.filter((f) => f.given > f.largest)).toEqual([]);
    expect(found.filter((f) => f.given === f.largest).length / found.length).toBeGreaterThan(0.85);
  });

  it.each([
    ['kws', 'ethos-u55-64', undefined],
    ['ic', 'ethos-u55-256', 'ram'],
  ] as const)('of %s on %s (prefer %s): one block more is a hazard, at that operation', (model, part, prefer) => {
    const { config, operations } = compiled(model, part, prefer);
    const found = blockDependencies(operations, ethosHardware[part], broken);
    const finer = found.filter((f) => f.given > 0 && f.given < mostBlocks);
    expect(finer.length).toBeGreaterThan(0);
    const isKernel = (o: StreamOperation): boolean => kernelOperations.has(o.name);
    const findings = (list: readonly StreamOperation[]) => checkStream(list, config, isKernel, broken);
    expect(findings(operations)).toEqual([]);
    for (const { operation, largest } of found.filter((f) => f.largest < mostBlocks)) {
      const changed = operations.map((o) => (o === operation ? withDependency(o, largest + 1) : o));
      const at = operations.filter(isKernel).indexOf(operation);
      expect(findings(changed)).toMatchObject([{ operation: at, text: expect.stringMatching(/BLOCKDEP/) }]);
    }
  });

  it('has two bits', () => {
    const { config, operations } = compiled('kws', 'ethos-u55-64');
    const first = operations.findIndex((o) => kernelOperations.has(o.name));
    const changed = operations.map((o, i) => (i === first ? withDependency(o, mostBlocks + 1) : o));
    expect(checkStream(changed, config, () => true, broken).map((f) => f.text)).toEqual(['BLOCKDEP is 4, more than 3']);
  });
});

const size = fc.record({
  height: fc.integer({ min: 1, max: 6 }),
  width: fc.integer({ min: 1, max: 6 }),
  depth: fc.integer({ min: 1, max: 40 }),
  bricks: fc.boolean(),
  elementBytes: fc.constantFrom(1, 2, 4) as fc.Arbitrary<1 | 2 | 4>,
  height0: fc.integer({ min: 1, max: 8 }),
  bases: fc.tuple(fc.nat(40), fc.nat(20)),
});

/** Rows of a rolling buffer: two tiles, one below the other. */
const map = size.map(({ bases: [first, second], ...s }): MapRegisters => {
  const row = s.width * (s.bricks ? 16 * Math.ceil(s.depth / 16) : s.depth) * s.elementBytes;
  return {
    ...s,
    region: 1,
    zeroPoint: 0,
    signed: true,
    bases: [16 * first, 0, 16 * second, 0],
    width0: s.width,
    height1: s.height0,
    strideX: (s.bricks ? 16 : s.depth) * s.elementBytes,
    strideY: row,
    strideC: s.bricks ? 16 * s.elementBytes * s.width : s.elementBytes,
  };
});

const point = fc.record({ y: fc.nat(7), x: fc.nat(7), c: fc.nat(48) });
const area = fc.tuple(map, point, point).map(([m, from, to]): Area => clipped({ map: m, from, to }));

/** Every byte of an area, one by one. */
function bytesOf({ map: m, from, to }: Area): Set<number> {
  const found = new Set<number>();
  for (let y = from.y; y < to.y; y++)
    for (let x = from.x; x < to.x; x++)
      for (let c = from.c; c < to.c; c++) {
        const row = y < m.height0 ? m.bases[0] + y * m.strideY : m.bases[2] + (y - m.height0) * m.strideY;
        const channel = m.bricks ? (c >> 4) * m.strideC + (c & 15) * m.elementBytes : c * m.elementBytes;
        for (let byte = 0; byte < m.elementBytes; byte++) found.add(row + x * m.strideX + channel + byte);
      }
  return found;
}

describe('areas of maps', () => {
  it('meet where they share a byte', () => {
    fc.assert(
      fc.property(area, area, fc.boolean(), (a, other, same) => {
        const b = same ? clipped({ ...other, map: a.map }) : other;
        const own = bytesOf(b);
        // Tiles of one map that lie on each other are no map.
        const { height: y, width: x, depth: c, elementBytes } = a.map;
        const whole = bytesOf({ map: a.map, from: { y: 0, x: 0, c: 0 }, to: { y, x, c } });
        fc.pre(!same || whole.size === y * x * c * elementBytes);
        expect(areasMeet(a, b)).toBe([...bytesOf(a)].some((byte) => own.has(byte)));
      }),
      { numRuns: 300 },
    );
  });
});
