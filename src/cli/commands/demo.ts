// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { loadBoard } from '../../build/boards.js';
import { buildFirmware } from '../../build/firmware.js';
import { runInputs } from '../../device/runInputs.js';
import { startDevice } from '../../device/startDevice.js';
import { HostModel, startHost } from '../../device/wasm.js';
import { hostEvaluator } from '../../evaluator.js';
import { runRecord } from '../../measure/runRecord.js';
import { samplesFor } from '../../model/samples.js';
import { bytesOf } from '../../model/tensorData.js';
import { packageRoot } from '../../packageRoot.js';
import { buildHost } from '../../packFolder.js';
import { packModel } from '../../packModel.js';
import { packTrust } from '../../packTrust.js';
import type { Section } from '../../report/html.js';
import { modelReport } from '../../report/modelReport.js';
import { runReport } from '../../report/runReport.js';
import { grouped } from '../../report/table.js';
import { trustSections, trustSummary } from '../../report/trustReport.js';
import { type CommandSpec, text } from '../command.js';
import { energyOptions, energySettings } from '../energyOptions.js';
import { readInput, readNpyFile, writeFolder, writeOutput } from '../files.js';
import type { Output } from '../output.js';
import { type ProfileRequest, profileBoard } from '../profileBoard.js';
import { layerLines, wholeLines } from '../profileLines.js';
import { keepRun } from '../runFiles.js';
import { fitLines } from './build.js';
import { argmax, score } from './eval.js';
import { differenceError, timingLines } from './run.js';

const sampleFolder = join(packageRoot, 'models', 'digits');
const inputsOnBoard = 10;
const profiledRuns = 3;
// The model was trained on pixel / 255.
const pixelScale = { scale: 1 / 255, zero: 0 };

/** Latency and energy of one digit, as a record in .mote/runs and a page of its own. */
async function energyPart(
  place: Pick<ProfileRequest, 'folder' | 'board' | 'port' | 'energy'>,
  sample: Uint8Array[],
  { dir, sections }: { dir: string; sections: Section[] },
  out: Output,
) {
  const parts = await profileBoard({ ...place, sample, runs: profiledRuns, warmups: 1 }, out);
  const record = runRecord(parts);
  const kept = await keepRun(record);
  const page = join(dir, 'energy.html');
  await writeOutput(page, runReport([record], new Map([[0, sections]])));
  const lines = ['', ...layerLines(record, out.width), '', ...wholeLines(record)];
  const where = 'path' in kept ? [`kept    ${kept.path}   next: mote compare ${kept.path} latest`] : [];
  return { record, broken: parts.broken, lines: [...lines, ...where, `page    ${page}`] };
}

export const demo: CommandSpec = {
  name: 'demo',
  summary: 'the whole line with the bundled digits model on an emulated Raspberry Pi Pico',
  arguments: [],
  options: [
    { flags: '--board <id>', text: 'another board with an emulator (default: pico)' },
    { flags: '--port <path>', text: 'a real board that has the firmware (see mote build)' },
    ...energyOptions.slice(0, 1),
    { flags: '-o, --output <dir>', text: 'folder for the pack, the firmware and the report (default: build/demo)' },
  ],
  async run(_args, options, out) {
    const board = loadBoard(text(options, 'board') ?? 'pico');
    const dir = text(options, 'output') ?? join('build', 'demo');
    const calib = join(sampleFolder, 'calib_x.npy');
    const packed = await packModel({
      bytes: await readInput(join(sampleFolder, 'digits.onnx')),
      fileName: 'digits.onnx',
      target: board.target,
      board: board.id,
      calibration: { array: await readNpyFile(calib), path: calib },
      inputScale: pixelScale,
    });
    const { manifest, plan } = packed;
    await writeFolder(join(dir, 'pack'), packed.files);
    out.step(
      `packed   digits.onnx to int8 for ${board.id}: ${grouped(manifest.weightBytes)} bytes of constants, ${grouped(manifest.arenaBytes)} of arena`,
    );

    const image = join(dir, `${manifest.name}.elf`);
    const build = await buildFirmware(join(dir, 'pack'), board, image);
    out.step(`built    ${[...new Set([build.elfPath, build.imagePath])].join('  ')}`);

    const folder = { dir: join(dir, 'pack'), manifest };
    const { wasm, manifest: hostManifest } = await buildHost(folder);
    const path = join(sampleFolder, 'eval_x.npy');
    const array = await readNpyFile(path);
    const digits = samplesFor(array, manifest.inputs[0], pixelScale, path);
    const { data: samples } = digits;
    const labels = Array.from((await readNpyFile(join(sampleFolder, 'eval_y.npy'))).data as ArrayLike<number>, Number);
    const evaluator = hostEvaluator(await HostModel.open(wasm, hostManifest), hostManifest);
    const predictions = samples.map((s) => argmax(evaluator.run([s])[0]));
    const evaluation = { ...score(predictions, labels, 10), count: samples.length };
    out.step(`checked  ${samples.length} digits on the host: ${(100 * evaluation.accuracy).toFixed(1)}% right`);
    const against = await packTrust({ folder, evaluator, array, path, samples: digits, labels });

    const device = await startDevice(board, image, { port: text(options, 'port') });
    const run = await runInputs(
      device,
      await startHost(wasm, hostManifest),
      manifest,
      samples.slice(0, inputsOnBoard).map((s) => [bytesOf(s)]),
      { hostManifest },
    ).finally(() => device.close());
    out.step(`ran      ${run.compared} digits on ${board.id}: ${run.equal} answers equal to the host, bit by bit`);

    const report = join(dir, 'report.html');
    await writeOutput(
      report,
      modelReport({ manifest, plan, board, build, run, evaluation, ...(against ? { against } : {}) }),
    );
    const energy = energySettings(options);
    const measured =
      energy &&
      (await energyPart(
        { folder, board, port: text(options, 'port'), energy },
        [bytesOf(samples[0])],
        { dir, sections: against ? trustSections(against) : [] },
        out,
      ));
    return {
      data: {
        ...build,
        accuracy: evaluation.accuracy,
        count: evaluation.count,
        compared: run.compared,
        equal: run.equal,
        firstDifference: run.firstDifference ?? null,
        timing: run.timing,
        trust: against?.trust ?? null,
        report,
        ...(measured && { profile: measured.record }),
      },
      lines: [
        '',
        ...timingLines(manifest, run, out.width),
        '',
        `model   digits, int8, ${grouped(manifest.macs)} MAC, made from float32 by mote   rounding ${manifest.rounding}`,
        `top-1   ${(100 * evaluation.accuracy).toFixed(1)}% of ${evaluation.count} test digits`,
        ...(against ? trustSummary(against.trust) : []),
        `equal   ${run.equal} of ${run.compared} inputs, ${board.id} against the host, bit by bit`,
        ...fitLines(board, build),
        `report  ${report}`,
        ...(measured?.lines ?? []),
      ],
      ...(measured && { warnings: measured.record.warnings }),
      error: differenceError(run) ?? measured?.broken,
    };
  },
};
