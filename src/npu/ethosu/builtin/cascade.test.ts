// SPDX-License-Identifier: Apache-2.0
// Rows in stripes through several operations: the same answers from less memory, by the hardware's rules.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { npuModels, referenceModel } from '../../../../test/support/ethosModels.js';
import { describeShared } from '../../../../test/support/shared.js';
import { bufferRows, stripes } from './cascade.js';
import { type Compiled, compileGraph } from './compileGraph.js';
import type { MapView, NpuOperation } from './npuOperation.js';
import { pointKernel } from './npuOperation.js';
import { cyclesOf, findingsOf, openCompiled } from './testing/runCompiled.js';
import { velaCycles } from './testing/velaCycles.js';
import { denseView } from './views.js';

const bytesOf = ({ scratchBytes, fastScratchBytes }: Compiled): number => scratchBytes + fastScratchBytes;

/** Rows only: maps one column wide, windows of any height. */
const chainOf = (height: number, layers: { taps: number; stride: number; pad: number }[]): NpuOperation[] => {
  let rows = height;
  return layers.map(({ taps, stride, pad }, i): NpuOperation => {
    const map = (size: number, storage: number): MapView =>
      denseView(storage, { height: size, width: 1, depth: 16 }, 0);
    const input = map(rows, i);
    rows = Math.floor((rows + 2 * pad - taps) / stride) + 1;
    const padBottom = Math.max(0, (rows - 1) * stride + taps - pad - input.height);
    const kernel = { ...pointKernel, height: taps, strideY: stride, padTop: pad, padBottom };
    const stage = { rounding: 'tfl', min: -128, max: 127 } as const;
    return { kind: 'pool', mode: 'max', name: `${i}`, input, output: map(rows, i + 1), kernel, stage };
  });
};

const layer = fc
  .record({ taps: fc.integer({ min: 1, max: 5 }), stride: fc.integer({ min: 1, max: 3 }), pad: fc.nat(2) })
  .map((l) => ({ ...l, pad: Math.min(l.pad, l.taps - 1) }));

describe('stripes', () => {
  it('compute every row once, when what they need is there and still lies in its buffer', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 30, max: 60 }),
        fc.array(layer, { minLength: 2, maxLength: 4 }),
        fc.integer({ min: 1, max: 4 }),
        (height, layers, rows) => {
          const chain = chainOf(height, layers);
          fc.pre(chain.every((o) => o.output.height > 0));
          const sizes = bufferRows(chain, rows);
          const made = chain.map(() => 0);
          for (const { at, from, to, needs } of stripes(chain, rows)) {
            expect(from).toBe(made[at]);
            if (at < sizes.length) expect(to - from).toBeLessThanOrEqual(sizes[at]);
            if (at > 0) {
              expect(needs.to).toBeLessThanOrEqual(made[at - 1]);
              expect(needs.from).toBeGreaterThanOrEqual(made[at - 1] - sizes[at - 1]);
            }
            made[at] = to;
          }
          expect(made.at(-1)).toBe(chain.at(-1)?.output.height);
        },
      ),
      { numRuns: 60 },
    );
  });
});

/** With `--prefer ram` on any part (whole maps take 74, 74, 55, 21 and 4 KB): measured, rounded up a little. */
const mostBytes = { person_detect: 20_480, vww: 24_576, ic: 40_960, kws: 16_384, micro_speech: 4096 };
/** Of Vela's default, which keeps whole maps: measured 0.69 to 1.31. */
const mostCycles = 1.4;
const parts = ['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256', 'ethos-u65-256'];
const full = process.env.MOTE_NPU_ALL !== undefined;
const cases = npuModels.flatMap((model, m) =>
  parts.filter((_, p) => full || p === (m + 2) % parts.length).map((part) => ({ model, part })),
);

describeShared('the least memory', () => {
  it.each(cases)('$model on $part: equal, by the rules, for few more cycles', ({ model, part }) => {
    const { graph, cases: asked } = referenceModel(model);
    const compiled = compileGraph(graph, part, { prefer: 'ram' });
    expect(findingsOf(compiled)).toEqual([]);
    expect(bytesOf(compiled)).toBeLessThanOrEqual(mostBytes[model]);
    expect(cyclesOf(compiled).total).toBeLessThan(mostCycles * velaCycles[model][part]);
    const run = openCompiled(compiled);
    for (const { input, answer } of asked(full ? 20 : 2)) expect(run([input])[0]).toEqual(answer);
  });

  it('is sought only as far as a budget asks', () => {
    const { graph, cases: asked } = referenceModel('person_detect');
    const part = 'ethos-u55-128';
    const [whole, least] = [compileGraph(graph, part), compileGraph(graph, part, { prefer: 'ram' })];
    const within = compileGraph(graph, part, { budgetBytes: 40_000 });
    expect(bytesOf(within)).toBeLessThanOrEqual(40_000);
    expect(bytesOf(within)).toBeGreaterThan(bytesOf(least));
    expect(cyclesOf(within).total).toBeLessThan(cyclesOf(least).total);
    expect(findingsOf(within)).toEqual([]);
    for (const { input, answer } of asked(1)) expect(openCompiled(within)([input])[0]).toEqual(answer);
    expect(compileGraph(graph, part, { budgetBytes: bytesOf(whole) }).payload).toEqual(whole.payload);
  });

  it('goes wrong where a rolling buffer is one row short', () => {
    const { graph, cases: asked } = referenceModel('person_detect');
    const compiled = compileGraph(graph, 'ethos-u55-128', { prefer: 'ram' });
    const [{ input, answer }] = asked(1);
    const rolling = compiled.pieces.flatMap(({ operation: { input: map } }) => (map.rolling ? [map] : []));
    expect(rolling.length).toBeGreaterThan(20);
    // NPU_SET_IFM_HEIGHT0_M1 of the tiles that go on at the beginning.
    const payload = compiled.payload.slice();
    const words = new DataView(payload.buffer);
    const wrapped = rolling.find(({ height, rolling: r }) => r && r.first + height > r.rows);
    const rows = wrapped?.rolling ? wrapped.rolling.rows - wrapped.rolling.first : 0;
    for (let i = 0; i < payload.length; i += 4)
      if (words.getUint32(i, true) === (0x10b | ((rows - 1) << 16)) && rows > 0)
        words.setUint32(i, 0x10b | (rows << 16), true);
    expect(openCompiled(compiled)([input])[0]).toEqual(answer);
    const logitsOf = (c: Compiled): Int8Array => openCompiled(c)([input])[0];
    expect(() => expect(logitsOf({ ...compiled, payload })).toEqual(answer)).toThrow();
  });
});
