// SPDX-License-Identifier: Apache-2.0
// The functional model of the KPU against what Canaan's own simulator answered (recorded by others: ../shared/npu/k210),
// and the reader against damaged files.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeShared, sharedFile } from '../../../test/support/shared.js';
import { MoteError } from '../../cli/errors.js';
import { openNpuFile } from '../openNpuFile.js';
import { checkKmodel } from './checkKmodel.js';
import { activate, multiplyCarry, multiplyShift } from './convolution.js';
import { type Kmodel, type KpuConvNode, readKmodel } from './kmodel.js';
import { downloadMap, kpuRowBytes, mapElements, mapRows, uploadMap } from './kpuMemory.js';
import { decodeLayer, encodeLayer, type LayerField, strayBits } from './layerWords.js';
import { runKmodel } from './runKmodel.js';

const cases = Array.from({ length: 12 }, (_, i) => String(i).padStart(2, '0'));
const recorded = (name: string) => ({
  file: sharedFile(`npu/k210/${name}.kmodel`),
  input: new Uint8Array(sharedFile(`npu/k210/${name}.in.bin`)),
  output: new Uint8Array(sharedFile(`npu/k210/${name}.out0.bin`)),
});

/** The same model with one convolution changed. */
function mutated(model: Kmodel, change: (node: KpuConvNode) => Partial<KpuConvNode>): Kmodel {
  const last = model.nodes.length - 1;
  const node = model.nodes[last] as KpuConvNode;
  return { ...model, nodes: [...model.nodes.slice(0, last), { ...node, ...change(node) }] };
}

/** Changes that must show in the outputs. */
const mutations: Record<string, (node: KpuConvNode) => Partial<KpuConvNode>> = {
  'a batch norm multiplier': ({ batchNorm }) => ({
    batchNorm: batchNorm.map((row) => ({ ...row, multiplier: row.multiplier + (row.multiplier >> 6) })),
  }),
  'every weight': ({ weights }) => ({ weights: weights.map((w) => w ^ 0x10) }),
  'the zero point of x': ({ layer }) => ({ layer: { ...layer, argX: layer.argX + 1 } }),
  'the zero point of w': ({ layer }) => ({ layer: { ...layer, argW: layer.argW + 1 } }),
};

describeShared('the functional model of the KPU', () => {
  it.each(cases)('answers kmodel %s as the vendor simulator did', (name) => {
    const { file, input, output } = recorded(name);
    expect(runKmodel(readKmodel(file, name), [input], name)).toEqual([output]);
  });

  it.each(Object.keys(mutations))('gives other answers when %s changes', (what) => {
    const red = cases.filter((name) => {
      const { file, input, output } = recorded(name);
      const model = mutated(readKmodel(file, name), mutations[what]);
      return !Buffer.from(runKmodel(model, [input], name)[0]).equals(Buffer.from(output));
    });
    expect(red).toEqual(cases);
  });

  it.each(cases)('finds no broken rule in kmodel %s but falling segments', (name) => {
    const odd = checkKmodel(readKmodel(recorded(name).file, name)).filter((f) => !f.text.includes('segment falls'));
    expect(odd).toEqual([]);
  });

  it('finds what the answers do not show', () => {
    const model = readKmodel(recorded('03').file, '03');
    const change = (fields: Partial<KpuConvNode['layer']>) =>
      checkKmodel(mutated(model, ({ layer }) => ({ layer: { ...layer, ...fields } }))).map((f) => f.text);
    expect(change({ rowSwitch: 3 })).toContain('row switch is 3, this shape wants 1');
    expect(change({ loadsM1: 4 })).toContain('weight loads is 5, this shape wants 1');
    expect(change({ destinationRow: 32_767 }).join()).toMatch(/of 32768/);
  });

  it('takes dense inputs and those in KPU rows', () => {
    const { file, input, output } = recorded('08');
    const opened = openNpuFile(file, '08');
    const [channels, height, width] = opened.inputs[0].shape;
    const dense = downloadMap(input, { channels, height, width });
    expect(dense).not.toEqual(input);
    expect(opened.run([dense], true)).toEqual([output]);
    expect(opened.run([input], false)).toEqual([output]);
  });

  it('ends in one sentence or an answer, whatever bytes are damaged', () => {
    const { file, input } = recorded('02');
    const damage = fc.array(fc.tuple(fc.nat(file.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(damage, fc.option(fc.nat(file.length)), (changes, cut) => {
        const bytes = file.slice(0, cut ?? file.length);
        for (const [at, value] of changes) if (at < bytes.length) bytes[at] = value;
        try {
          const opened = openNpuFile(bytes, 'x.kmodel');
          opened.check();
          opened.run([input], false);
        } catch (error) {
          expect(error).toBeInstanceOf(MoteError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('the layer words', () => {
  const fields: Partial<Record<LayerField, fc.Arbitrary<number>>> = {
    sourceRow: fc.nat(0x7fff),
    outputChannelsM1: fc.nat(1023),
    padValue: fc.nat(255),
    bytesPerLoad: fc.nat(0x1ffff),
    argX: fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 }),
    argAdd: fc.integer({ min: -(2 ** 39), max: 2 ** 39 - 1 }),
    activationAddress: fc.nat(0xffffffff),
  };

  it('come back from their bytes', () => {
    fc.assert(
      fc.property(fc.record(fields as Record<LayerField, fc.Arbitrary<number>>), (values) => {
        const view = new DataView(encodeLayer(values).buffer);
        expect(decodeLayer(view)).toMatchObject(values);
        expect(strayBits(view)).toEqual([]);
      }),
    );
  });

  it('refuse what does not fit, and name bits without a meaning', () => {
    expect(() => encodeLayer({ padValue: 256 })).toThrow(/padValue/);
    expect(() => encodeLayer({ argX: 2 ** 23 })).toThrow(/argX/);
    const bytes = encodeLayer({});
    bytes[6 * 8 + 7] = 0x80;
    expect(strayBits(new DataView(bytes.buffer))).toEqual(['6:0x8000000000000000']);
  });
});

describe('the KPU’s memory', () => {
  const shapes = fc.record({
    channels: fc.integer({ min: 1, max: 9 }),
    height: fc.integer({ min: 1, max: 6 }),
    width: fc.integer({ min: 1, max: 130 }),
  });

  it('gives back what was uploaded, inside the rows that were counted', () => {
    fc.assert(
      fc.property(shapes, (shape) => {
        const dense = Uint8Array.from({ length: mapElements(shape) }, (_, i) => 1 + (i % 255));
        const ram = new Uint8Array(mapRows(shape) * kpuRowBytes);
        uploadMap(dense, ram, shape);
        expect(downloadMap(ram, shape)).toEqual(dense);
        expect(ram.reduce((n, b) => n + (b ? 1 : 0), 0)).toBe(dense.length);
      }),
    );
  });
});

describe('the KPU’s arithmetic', () => {
  const wide = fc.integer({ min: -(2 ** 45), max: 2 ** 45 });
  const factor = fc.integer({ min: -(2 ** 23), max: 2 ** 23 - 1 });

  it('is exact beyond 53 bits', () => {
    fc.assert(
      fc.property(wide, factor, fc.nat(15), (value, f, shift) => {
        expect(BigInt(multiplyShift(value, f, shift))).toBe(
          BigInt(Number((BigInt(value) * BigInt(f)) >> BigInt(shift))),
        );
      }),
    );
  });

  // The simulator's rounding: ties to even, and below zero one step too far.
  it.each([
    [5, 1, 2, 1],
    [6, 1, 2, 2],
    [10, 1, 2, 2],
    [-5, 1, 2, -3],
    [-6, 1, 2, -2],
    [-8, 1, 2, -2],
    [7, 3, 0, 21],
  ])('rounds %i * %i >> %i to %i', (value, f, shift, wanted) => {
    expect(multiplyCarry(value, f, shift)).toBe(wanted);
    const big = 2 ** 40;
    expect(multiplyCarry(value * big, f * 2 ** 14, shift + 54)).toBe(wanted);
  });

  it('clamps, and takes the first segment below all starts', () => {
    const segments = [
      { start: 0, multiplier: 1, shift: 0, bias: 10 },
      { start: 100, multiplier: 2, shift: 0, bias: 110 },
    ];
    expect(activate(-5, segments)).toBe(5);
    expect(activate(100, segments)).toBe(110);
    expect(activate(101, segments)).toBe(112);
    expect(activate(1e6, segments)).toBe(255);
    expect(activate(-1e6, segments)).toBe(0);
  });
});
