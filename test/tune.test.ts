// SPDX-License-Identifier: Apache-2.0
// mote tune on the digits model: budgets are kept, recipes replay, seeds repeat, and what cannot be met is said.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocationCases, openCase, rankPlans } from '../bench/allocation.js';
import { loadBoard } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { MoteError } from '../src/cli/errors.js';
import { type Budgets, parseBudgets } from '../src/compress/allocate/budgets.js';
import { predict } from '../src/compress/allocate/predict.js';
import { uniformRecipe } from '../src/compress/recipe.js';
import { runHost } from '../src/device/hostSamples.js';
import { startDevice } from '../src/device/startDevice.js';
import { HostModel } from '../src/device/wasm.js';
import type { TensorData } from '../src/model/graph.js';
import { type NpyArray, readNpy } from '../src/model/npy.js';
import { packageRoot } from '../src/packageRoot.js';
import { buildHost, loadVectors } from '../src/packFolder.js';
import { packModel } from '../src/packModel.js';
import type { PackRequest } from '../src/packRequest.js';
import { type Tuned, tuneModel } from '../src/tuneModel.js';
import { isPresent } from './support/equalOnBoard.js';
import { PackRoom } from './support/packs.js';
import { describeShared, sharedFile } from './support/shared.js';

const sample = (file: string): Buffer => readFileSync(join(packageRoot, 'models', 'digits', file));

/** What is shown here holds for any samples; on these it takes less time than on all 200. */
const calibrationSamples = 40;

function firstSamples({ dtype, shape, data }: NpyArray, count: number): NpyArray {
  const each = data.length / shape[0];
  return { dtype, shape: [count, ...shape.slice(1)], data: data.slice(0, count * each) };
}

const digits: PackRequest = {
  bytes: sample('digits.onnx'),
  fileName: 'digits.onnx',
  target: 'cortex-m4',
  calibration: {
    array: firstSamples(readNpy(sample('calib_x.npy'), 'calib_x.npy'), calibrationSamples),
    path: 'calib_x.npy',
  },
  inputScale: { scale: 1 / 255, zero: 0 },
};

const tuneDigits = (budgets: Budgets, seed = 1, formats = ['int6', 'int4', 'int3', 'ternary']): Promise<Tuned> =>
  tuneModel({ ...digits, budgets, formats, quality: 'snr', seed, lossSamples: 16, evaluations: 4 });

/** Samples of one input as the array that a file would hold. */
function stackedSamples(samples: readonly TensorData[][]): NpyArray {
  const data = Float32Array.from(samples.flatMap(([x]) => [...(x as Float32Array)]));
  return { dtype: 'float32', shape: [samples.length, 49, 10, 1], data };
}

const messageOf = async (work: Promise<unknown>): Promise<MoteError> => {
  const error = await work.then(
    () => undefined,
    (e: unknown) => e,
  );
  expect(error).toBeInstanceOf(MoteError);
  return error as MoteError;
};

describe('budgets', () => {
  it('are bytes with K and M of 1024, counts with K and M of 1000, or shares of int8', () => {
    expect(parseBudgets('flash=48K,ram=1.5M,cycles=2.5M')).toEqual({
      flash: { absolute: 49152 },
      ram: { absolute: 1572864 },
      cycles: { absolute: 2_500_000 },
    });
    expect(parseBudgets('flash=45%')).toEqual({ flash: { share: 0.45 } });
  });

  it.each(['', 'flash', 'flash=', 'flash=-1', 'flash=0', 'rom=1K', 'flash=1K,flash=2K', 'flash=1G'])(
    "'%s' is no budget",
    (text) => {
      expect(() => parseBudgets(text)).toThrow(/--budget takes/);
    },
  );
});

describe('tune', () => {
  let tuned: Tuned;
  beforeAll(async () => {
    tuned = await tuneDigits({ flash: { share: 0.5 } });
  });

  it('keeps the budget, and the pack is what it was said to be', () => {
    expect(tuned.chosen.flash).toBeLessThanOrEqual(tuned.limits.flash ?? 0);
    expect(tuned.pack.manifest.weightBytes).toBe(tuned.chosen.flash);
    expect(tuned.pack.manifest.arenaBytes).toBe(tuned.chosen.ram);
    expect(tuned.pack.manifest.layers.filter((l) => l.weights !== undefined).length).toBeGreaterThan(2);
  });

  it('measures what the pack then is: the same integers in every layer', () => {
    const formats = tuned.layers.map((l) => l.format);
    const stored = new Map(tuned.pack.manifest.layers.map((l) => [l.node, l.weights ?? 'int8']));
    tuned.layers.forEach(({ name }, i) => {
      expect(stored.get(name)?.replace(/g\d+$/, '')).toBe(formats[i].replace(/g\d+$/, ''));
    });
  });

  it('writes a recipe that pack replays to the same bytes', async () => {
    const recipe = JSON.parse(JSON.stringify(tuned.recipe)) as Tuned['recipe'];
    const again = await packModel({ ...digits, recipe });
    expect([...again.files.keys()]).toEqual([...tuned.pack.files.keys()]);
    for (const [path, contents] of again.files)
      expect(Buffer.from(contents as string).equals(Buffer.from(tuned.pack.files.get(path) as string)), path).toBe(
        true,
      );
  });

  it('has measured the graph that the pack is made of', () => {
    const { graph } = tuned.found;
    expect(tuned.recipe.quantizer?.lossInputs).toBe('sequential');
    for (const node of tuned.pack.graph.nodes) {
      const own = graph.nodes.find((n) => n.name === node.name && n.op === node.op);
      node.inputs.slice(1).forEach((id, i) => {
        expect(graph.tensors[own?.inputs[i + 1] ?? -1].data, node.name).toEqual(tuned.pack.graph.tensors[id].data);
      });
    }
  });

  it('corrects its prediction by plans other than the chosen one', () => {
    const { found } = tuned;
    expect(found.correction.plans).toBeGreaterThan(0);
    expect(found.predicted).toBeCloseTo(found.probed * found.correction.factor, 12);
    // Within 3 dB: sixteen samples judge here.
    expect(Math.abs(10 * Math.log10(found.predicted / found.loss))).toBeLessThan(3);
  });

  it('gives the same for the same seed', async () => {
    const again = await tuneDigits({ flash: { share: 0.5 } });
    expect(again.recipe).toEqual(tuned.recipe);
    expect([again.found, again.front]).toEqual([tuned.found, tuned.front]);
  });

  it('has a front on which more bytes lose less', () => {
    expect(tuned.front.length).toBeGreaterThan(3);
    tuned.front.slice(1).forEach((point, i) => {
      expect(point.flash).toBeGreaterThan(tuned.front[i].flash);
      expect(point.predicted).toBeLessThan(tuned.front[i].predicted);
    });
    const measured = tuned.front.flatMap((p) => (p.measured === undefined ? [] : [p.measured]));
    expect(measured.length).toBeGreaterThan(1);
    expect(measured).toEqual([...measured].sort((a, b) => b - a));
  });

  it('says the smallest flash that can be met, and that can be met', async () => {
    const error = await messageOf(tuneDigits({ flash: { absolute: 100 } }));
    expect([error.code, error.exit]).toEqual(['fit.budget', 4]);
    const least = Number(/smallest flash that can be met is (\d+)/.exec(error.message)?.[1]);
    const met = await tuneDigits({ flash: { absolute: least } });
    expect(met.chosen.flash).toBe(least);
    expect((await messageOf(tuneDigits({ flash: { absolute: least - 1 } }))).code).toBe('fit.budget');
  });

  it('says the smallest RAM and the smallest count that can be met', async () => {
    const ram = await messageOf(tuneDigits({ ram: { absolute: 1000 } }));
    const leastRam = Number(/smallest RAM that can be met is (\d+)/.exec(ram.message)?.[1]);
    expect((await tuneDigits({ ram: { absolute: leastRam } })).chosen.ram).toBe(leastRam);
    const cycles = await messageOf(tuneDigits({ cycles: { absolute: 1000 } }));
    expect([ram.exit, cycles.exit]).toEqual([4, 4]);
    const leastCycles = Number(/smallest cycles that can be met are (\d+)/.exec(cycles.message)?.[1]);
    expect((await tuneDigits({ cycles: { absolute: leastCycles } })).chosen.cycles).toBeLessThanOrEqual(leastCycles);
  });

  it.each([
    [
      'coded',
      ['int4', 'coded4', 'coded2', 'coded3@start', 'int4@stream'],
      { flash: { share: 0.38 }, ram: { share: 2 } },
    ],
    ['of two layers or sparse', ['low50', 'low75-int4', 'sparse2:4', 'block8-int4'], { cycles: { share: 0.93 } }],
  ] as const)(
    'knows what levels take that are %s, and measures them as pack makes them',
    async (_, formats, budgets) => {
      const found = await tuneDigits(budgets, 1, [...formats]);
      const { manifest } = found.pack;
      expect(new Set(found.layers.map((l) => l.format)).size).toBeGreaterThan(1);
      expect([manifest.weightBytes, manifest.arenaBytes]).toEqual([found.chosen.flash, found.chosen.ram]);
      for (const [kind, limit] of Object.entries(found.limits))
        expect(found.chosen[kind as keyof typeof found.chosen], kind).toBeLessThanOrEqual(limit);
      const again = await packModel({ ...digits, recipe: JSON.parse(JSON.stringify(found.recipe)) as Tuned['recipe'] });
      expect(again.manifest.hash).toBe(manifest.hash);
      const weightsOf = (graph: Tuned['found']['graph']) =>
        new Map(graph.nodes.map((n) => [n.name, n.inputs.slice(1).map((id) => graph.tensors[id].data)]));
      expect(weightsOf(found.found.graph)).toEqual(weightsOf(found.pack.graph));
      const stored = new Map(manifest.layers.map((l) => [l.node, l.coded]));
      for (const { name, format } of found.layers)
        if (/^coded|@/.test(format)) expect(stored.get(name), name).toBe(format.endsWith('start') ? 'start' : 'stream');
        else expect(stored.get(name), name).toBeUndefined();
    },
  );

  it('refuses a format that does not exist', async () => {
    expect((await messageOf(tuneDigits({ flash: { share: 0.5 } }, 1, ['int5']))).message).toContain("'int5'");
  });
});

describe('every format through pack', () => {
  const room = new PackRoom();
  afterAll(() => room.close());

  it.each([
    'int8',
    'int6',
    'int4',
    'int4g32',
    'int3g16',
    'int2',
    'ternary',
    'tritsg64',
    'binary',
    'palette16',
    'palette4c',
    'palette2',
    'sparse2:4',
    'sparse1:4-int4',
    'block8',
    'block16-int4g16',
    'int4+out',
    'ternary+out',
  ])('%s: the C on this machine equals the reference on digits', async (format) => {
    const pack = await room.packBytes(digits.bytes, 'digits.onnx', {
      ...digits,
      name: `d_${format.replace(/\W/g, '_')}`,
      quantize: { recipeOf: uniformRecipe(format), equalize: 'none' },
    });
    if (format !== 'int8') expect(pack.manifest.layers.filter((l) => l.weights !== undefined)).toHaveLength(6);
    // The plain C has offsets of its own where the pack's kernels are for one instruction set.
    const { wasm, manifest } = await buildHost(pack);
    const host = await HostModel.open(wasm, manifest);
    const { inputs, outputs } = await loadVectors(pack);
    inputs.forEach((input, k) => {
      expect(runHost(host, manifest, input)).toEqual(outputs[k]);
    });
  });
});

describeShared('budgets of a keyword spotter', () => {
  const room = new PackRoom();
  afterAll(() => room.close());
  const requestOf = () => ({
    ...{ bytes: sharedFile('models/mlperf-tiny/kws_float.tflite'), fileName: 'kws_float.tflite', target: 'cortex-m4' },
    calibration: { array: stackedSamples(allocationCases.kws().calibration.slice(0, 24)), path: 'x.npy' },
    ...{ inputScale: { scale: 1, zero: 0 }, formats: ['int6', 'int4', 'coded3'], quality: 'snr' as const },
    ...{ seed: 1, lossSamples: 16, evaluations: 1 },
  });
  const tune = (budgets: Budgets): Promise<Tuned> => tuneModel({ ...requestOf(), budgets });
  const board = loadBoard('virtual-m4');

  it.skipIf(!(isPresent(board) || process.env.CI))(
    'are kept by the firmware: arena to the byte, instructions to a few percent',
    async () => {
      const tuned = await tune({ flash: { share: 0.5 }, ram: { share: 1.7 }, cycles: { share: 1.1 } });
      const { chosen, limits, pack } = tuned;
      expect([pack.manifest.weightBytes, pack.manifest.arenaBytes]).toEqual([chosen.flash, chosen.ram]);
      expect(chosen.flash).toBeLessThanOrEqual(limits.flash ?? 0);
      expect(chosen.ram).toBeLessThanOrEqual(limits.ram ?? 0);
      expect(chosen.cycles).toBeLessThanOrEqual(limits.cycles ?? 0);
      const { bytes, fileName, ...packing } = requestOf();
      const { dir } = await room.packBytes(bytes, fileName, { ...packing, recipe: tuned.recipe });
      const image = join(room.folder, 'tuned.elf');
      await buildFirmware(dir, board, image);
      const device = await startDevice(board, image, {});
      try {
        const { count, instructions = count } = await device.run();
        expect(Math.abs(instructions / chosen.cycles - 1)).toBeLessThan(0.05);
      } finally {
        await device.close();
      }
    },
  );

  it.each(['ram', 'cycles'] as const)('that are too small name the smallest %s, and that can be met', async (kind) => {
    const error = await messageOf(tune({ [kind]: { absolute: 1000 } }));
    const least = Number(/that can be met (?:is|are) (\d+)/.exec(error.message)?.[1]);
    expect([error.code, error.exit, least > 1000]).toEqual(['fit.budget', 4, true]);
    expect((await tune({ [kind]: { absolute: least } })).chosen[kind]).toBeLessThanOrEqual(least);
  });
});

describeShared('predicted loss', () => {
  // On all samples and levels: `npm run bench -- --only compression --table allocation`.
  const levels = ['int8', 'int6', 'int4', 'int3', 'palette4', 'int2'];

  it.each([
    ['ic', 64, 16],
    ['kws', 60, 40],
  ] as const)('ranks random plans of %s as measured loss does', async (name, samples, plans) => {
    const whole = allocationCases[name]();
    const open = await openCase({ ...whole, calibration: whole.calibration.slice(0, samples) }, 'snr', levels);
    const prediction = await predict(open.bench);
    const { spearman } = await rankPlans(open, prediction, plans);
    expect(spearman).toBeGreaterThanOrEqual(0.9);
  });
});
