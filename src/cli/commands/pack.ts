// SPDX-License-Identifier: Apache-2.0
import { basename, join } from 'node:path';
import { defaultStackBytes } from '../../build/linkerScript.js';
import { rangeMethods } from '../../compress/calibrate.js';
import type { RecipeOf } from '../../compress/layerRecipe.js';
import { uniformRecipe } from '../../compress/recipe.js';
import { type Rewrite, rewriteOf } from '../../compress/rewrite.js';
import { targetTable } from '../../costs/boardCosts.js';
import { type Prediction, predictPack } from '../../costs/predict.js';
import { isReserved } from '../../emit/names.js';
import { type FrontendSpec, parseFrontend } from '../../frontend/frontendSpec.js';
import type { Board } from '../../generated/board.js';
import type { PackManifest } from '../../generated/pack.js';
import type { Recipe } from '../../generated/recipe.js';
import { parseInputScale } from '../../model/samples.js';
import { preferences, type Rounding } from '../../ops/op.js';
import { packModel } from '../../packModel.js';
import type { PackRequest } from '../../packRequest.js';
import type { ActivationType } from '../../passes/integerOperands.js';
import { codedModes } from '../../plan/codedConstants.js';
import { predictionData, predictionLines } from '../../report/prediction.js';
import { grouped, percent, right, table } from '../../report/table.js';
import { parseJson } from '../../schema.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { boardCosts, costOptions } from '../costOptions.js';
import { fail } from '../errors.js';
import { readInput, readNpyFile, writeFolder } from '../files.js';
import { dropLine, maxDropOptions, requireDrop } from '../maxDrop.js';
import { choice, npuOption, targetOption } from '../packOptions.js';

const shape = (s: readonly number[] | undefined): string =>
  (s && s.length > 1 && s[0] === 1 ? s.slice(1) : (s ?? [])).join('x');

export function layerTable(manifest: PackManifest, width: number, prediction: Prediction): string[] {
  const rows = manifest.layers.map((l, i) => {
    const predicted = prediction.layers[i];
    return [
      String(l.index),
      l.name,
      l.op,
      `${shape(l.inputs[0]?.shape)} > ${shape(l.outputs[0]?.shape)}`,
      grouped(l.macs),
      grouped(l.weightBytes),
      predicted ? grouped(predicted.count) : '–',
      l.kernel.replace(/^mote_/, ''),
    ];
  });
  const columns = [
    right('#'),
    { title: 'layer' },
    { title: 'op' },
    { title: 'shape' },
    right('MAC'),
    right('bytes'),
    right(`≈${prediction.unit}`),
    { title: 'kernel' },
  ];
  return table(columns, rows, width);
}

/** Bytes of RAM and flash that the board has. */
export const memoryBytes = (board: Board, kind: 'ram' | 'flash'): number =>
  board.memory.filter((m) => m.kind === kind).reduce((sum, m) => sum + m.bytes, 0);

/** Arena and constants are exact here; code and stack are known after build. */
function requireFit(manifest: PackManifest, board: Board): void {
  const ram = memoryBytes(board, 'ram');
  const flash = memoryBytes(board, 'flash') || ram;
  if (manifest.arenaBytes > ram)
    fail('fit.ram', { model: manifest.name, need: manifest.arenaBytes, board: board.id, have: ram });
  if (manifest.weightBytes > flash)
    fail('fit.flash', { model: manifest.name, need: manifest.weightBytes, board: board.id, have: flash });
}

/** --prune channels=20% */
function pruneOption(options: OptionValues): Rewrite | undefined {
  const value = text(options, 'prune');
  if (value === undefined) return undefined;
  const share = Number(/^channels=(\d+(?:\.\d+)?)%$/.exec(value)?.[1]) / 100;
  if (!(share > 0 && share < 1))
    fail('usage.option', { option: 'prune', expected: 'channels=20%, more than 0 and less than 100', got: value });
  return { channels: share };
}

function frontendOption(options: OptionValues): FrontendSpec | undefined {
  const value = text(options, 'frontend');
  return value === undefined ? undefined : parseFrontend(value);
}

/** --activations; int16 has kernels for int8 weights alone. */
function activationsOption(options: OptionValues): ActivationType | undefined {
  const type = choice(options, 'activations', ['int8', 'int16'] as const);
  if (type === undefined) return undefined;
  const other = ['weights', 'recipe'].find((name) => text(options, name) !== undefined);
  if (type === 'int16' && other && text(options, other) !== 'int8')
    fail('usage.bad', { what: `--activations int16 has int8 weights, leave out --${other}`, command: 'pack' });
  if (text(options, 'calib') === undefined)
    fail('usage.bad', { what: '--activations says what --calib makes, which is not given', command: 'pack' });
  return type;
}

interface WeightOptions {
  recipeOf?: RecipeOf;
  recipe?: Recipe;
  rewrite?: Rewrite;
}

/** --weights or --recipe, and --prune. */
async function weightOptions(options: OptionValues): Promise<WeightOptions> {
  const [weights, path] = [text(options, 'weights'), text(options, 'recipe')];
  if (weights !== undefined && path !== undefined)
    fail('usage.bad', { what: '--weights and --recipe both say how weights are stored', command: 'pack' });
  const method = choice(options, 'round', ['nearest', 'output'] as const);
  if (method !== undefined && weights === undefined)
    fail('usage.bad', { what: '--round says how --weights are rounded, which is not given', command: 'pack' });
  const pruned = pruneOption(options);
  if (weights !== undefined)
    return { recipeOf: uniformRecipe(weights, method), ...(pruned ? { rewrite: pruned } : {}) };
  if (path === undefined) return pruned ? { rewrite: pruned } : {};
  const recipe = parseJson('recipe', new TextDecoder().decode(await readInput(path)), path);
  const asked = rewriteOf(recipe);
  if (pruned && asked?.channels !== undefined)
    fail('usage.bad', { what: '--prune and --recipe both say which channels go', command: 'pack' });
  return { recipe, ...(asked || pruned ? { rewrite: { ...asked, ...pruned } } : {}) };
}

/** --tokenizer, --context and --weights, as a language model takes them. */
async function textOptions(options: OptionValues): Promise<PackRequest['text']> {
  const [path, given, cache] = [text(options, 'tokenizer'), text(options, 'context'), text(options, 'cache')];
  const context = Number(given);
  if (given !== undefined && !(Number.isInteger(context) && context > 0))
    fail('usage.option', { option: 'context', expected: 'a whole number above 0', got: given });
  const weights = text(options, 'weights');
  return {
    ...(weights === undefined ? {} : { weights }),
    ...(path === undefined ? {} : { tokenizer: await readInput(path) }),
    ...(given === undefined ? {} : { context }),
    ...(cache === undefined ? {} : { cache }),
  };
}

export const pack: CommandSpec = {
  name: 'pack',
  summary: 'compress a model, plan its memory and write the C files, pack.json and test vectors',
  arguments: [{ name: 'model', text: '.tflite or .onnx file, or checkpoint of llama2.c' }],
  options: [
    { flags: '--target <id>', text: 'CPU to pack for; mote targets lists them' },
    { flags: '--board <id>', text: 'board to pack for: its CPU, and its memory must suffice' },
    { flags: '--calib <x.npy>', text: 'calibration inputs: a float model becomes an integer one' },
    {
      flags: '--activations <type>',
      text: 'with --calib: int8 (the default), or int16 with int8 weights, for what int8 loses too much of',
    },
    {
      flags: '--input-scale <how>',
      text: 'numbers in --calib and --data: auto, raw or SCALE,ZERO (real = SCALE * (x - ZERO))',
    },
    { flags: '--rounding <kind>', text: 'tflite (double, as TensorFlow Lite) or single (one shift)' },
    {
      flags: '--prefer <what>',
      text: 'speed (flash for time), size (time for flash), ram (time for arena) or balance',
    },
    {
      flags: '--ranges <method>',
      text: 'activation ranges from calibration: minmax, percentile, mse, or outputs (mixed by trial)',
    },
    {
      flags: '--weights <format>',
      text: 'store all weights so: int8, int6, int4, int4g32, int3, int2, ternary, palette16 …; coded3: 3 bits each once --coded, trellis3: the same with less loss; of a language model: int8, int4g32',
    },
    {
      flags: '--round <method>',
      text: 'with --weights: nearest, or output (the layer output moves least; the default)',
    },
    { flags: '--recipe <file>', text: 'weight format of each layer, as mote tune writes it' },
    ...maxDropOptions,
    ...costOptions,
    {
      flags: '--prune <what>',
      text: 'channels=20%: that share of the channels leaves the model, the rest makes up for it',
    },
    {
      flags: '--coded <when>',
      text: 'store constants entropy-coded; decode them as layers run (stream) or once (start)',
    },
    {
      flags: '--npu-compiler <name>',
      text: "for an Ethos-U: vela (Arm's; the default where it is installed) or builtin (mote's own)",
    },
    {
      flags: '--frontend <what>',
      text: 'take sound instead of features: micro_speech or mfcc, with :key=value,… (rate=16000, window=30ms, hop=20ms, mels=40, low=HZ, high=HZ, clip=1s; mfcc: coefficients=10, shape=hann, peak=32768, floor=1e-6)',
    },
    { flags: '--stream', text: 'frame by frame: an inference takes only the new frames of its window' },
    { flags: '--tokenizer <file>', text: 'of a llama2.c checkpoint: the words of its tokens, for mote generate' },
    {
      flags: '--cache <type>',
      text: 'keys and values of earlier tokens: float or int8, a quarter of the memory (default: int8 with --weights int8)',
    },
    {
      flags: '--context <n>',
      text: 'of a llama2.c checkpoint: tokens that a text may have (default: what it was trained for)',
    },
    { flags: '--no-equalize', text: 'leave out cross-layer equalization' },
    { flags: '--no-bias-correction', text: 'leave out bias correction' },
    { flags: '--name <name>', text: 'prefix of the C symbols (default: from the file name)' },
    { flags: '-o, --output <dir>', text: 'folder to write', required: true },
  ],
  async run([path], options, out) {
    const { target, board } = targetOption(options, 'pack');
    const name = text(options, 'name');
    if (name !== undefined && (!/^[a-z][a-z0-9_]{0,39}$/.test(name) || isReserved(name))) {
      const expected = "lower-case letters, digits and _, at most 40, and neither mote's name nor that of a C header";
      fail('usage.option', { option: 'name', expected, got: name });
    }
    const ranges = choice(options, 'ranges', rangeMethods);
    const activations = activationsOption(options);
    const calib = text(options, 'calib');
    const { recipeOf, recipe, rewrite } = await weightOptions(options);
    const coded = choice(options, 'coded', codedModes);
    const prefer = choice(options, 'prefer', preferences);
    const { found, warnings } = await boardCosts(options, board, 'pack');
    const started = performance.now();
    const result = await packModel({
      bytes: await readInput(path),
      fileName: basename(path),
      target: target.id,
      board: board?.id,
      name,
      rounding: choice<Rounding>(options, 'rounding', ['tflite', 'single']),
      prefer,
      coded,
      npuProvider: npuOption(options, target, 'pack'),
      frontend: frontendOption(options),
      ...(board ? { arenaLimitBytes: memoryBytes(board, 'ram') - defaultStackBytes } : {}),
      stream: options.stream === true,
      text: await textOptions(options),
      calibration: calib === undefined ? undefined : { array: await readNpyFile(calib), path: calib },
      inputScale: parseInputScale(text(options, 'inputScale') ?? 'auto'),
      quantize: {
        ...(ranges ? { method: ranges } : {}),
        ...(activations ? { activations } : {}),
        ...(options.equalize === false ? { equalize: 'none' as const } : {}),
        biasCorrection: options.biasCorrection !== false,
        ...(recipeOf ? { recipeOf } : {}),
        ...(rewrite ? { rewrite } : {}),
      },
      ...(recipe ? { recipe } : {}),
      ...(found ? { costs: found.table } : {}),
    });
    const { manifest, plan } = result;
    const costs = found?.table ?? targetTable(target);
    const prediction = predictPack(manifest, costs);
    if (board) requireFit(manifest, board);
    const drop = await requireDrop(options, result, 'pack');
    const dir = text(options, 'output') as string;
    await writeFolder(dir, result.files);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    return {
      data: {
        dir,
        name: manifest.name,
        hash: manifest.hash,
        target: target.id,
        board: board?.id ?? null,
        arenaBytes: manifest.arenaBytes,
        arenaBoundBytes: plan.boundBytes,
        weightBytes: manifest.weightBytes,
        macs: manifest.macs,
        rounding: manifest.rounding,
        prefer: manifest.prefer,
        arithmetic: manifest.arithmetic,
        layers: manifest.layers,
        notes: result.notes,
        drop: drop ?? null,
        predicted: predictionData(prediction, found?.path),
      },
      warnings,
      lines: [
        `model   ${manifest.model.file}   ${manifest.arithmetic}   ${grouped(manifest.macs)} MAC   rounding ${manifest.rounding}   prefer ${manifest.prefer}`,
        `target  ${target.id}${board ? `   board ${board.id} (verified: ${board.verified.level})` : ''}`,
        '',
        ...layerTable(manifest, out.width, prediction),
        '',
        ...result.notes.map((n) => `note    ${n}`),
        ...(drop ? [dropLine(drop)] : []),
        `ram     arena ${grouped(manifest.arenaBytes)} bytes, input and output included, ${plan.arenaBytes === plan.boundBytes ? 'proved optimal' : `at least ${grouped(plan.boundBytes)} needed`}${board ? `, ${percent(manifest.arenaBytes, memoryBytes(board, 'ram'))} of ${board.id}` : ''}`,
        `flash   constants ${grouped(manifest.weightBytes)} bytes (code is known after build)`,
        ...predictionLines(prediction, costs, found?.path, board?.clockHz),
        `wrote   ${join(dir, 'pack.json')} and ${result.files.size - 1} more files   ${seconds} s`,
        `next    mote build ${dir} --board ${board?.id ?? 'ID'} -o ${join(dir, `${manifest.name}.elf`)}`,
      ],
    };
  },
};
