// SPDX-License-Identifier: Apache-2.0
// npx tsx bench/fitDecode.ts [BOARD…]: what decoding entropy-coded constants takes under each emulator, as `decode` in
// targets/*.json: the digits model with constants decoded as layers run, less the same with constants decoded before.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listBoards } from '../src/build/boards.js';
import { buildFirmware } from '../src/build/firmware.js';
import { writeFolder } from '../src/cli/files.js';
import { elementsOf, piecesOf } from '../src/compress/code/pieces.js';
import { uniformRecipe } from '../src/compress/recipe.js';
import { startDevice } from '../src/device/startDevice.js';
import type { Board } from '../src/generated/board.js';
import { readNpy } from '../src/model/npy.js';
import { packageRoot } from '../src/packageRoot.js';
import { type PackResult, packModel } from '../src/packModel.js';
import type { CodedMode } from '../src/plan/codedConstants.js';

const digits = join(packageRoot, 'models', 'digits');

async function pack(target: string, coded: CodedMode): Promise<PackResult> {
  const [bytes, calibration] = [
    await readFile(join(digits, 'digits.onnx')),
    await readFile(join(digits, 'calib_x.npy')),
  ];
  return packModel({
    ...{ bytes, fileName: 'digits.onnx', target, coded, inputScale: { scale: 1 / 255, zero: 0 } },
    calibration: { array: readNpy(calibration, 'calib_x.npy'), path: 'calib_x.npy' },
    quantize: { recipeOf: uniformRecipe('coded3'), equalize: 'none' },
  });
}

/** Instructions of each step. */
async function countSteps(folder: string, board: Board, { files, plan }: PackResult): Promise<number[]> {
  await writeFolder(join(folder, 'pack'), files);
  const image = join(folder, 'pack.elf');
  await buildFirmware(join(folder, 'pack'), board, image);
  const device = await startDevice(board, image, {});
  try {
    await device.run();
    const counts: number[] = [];
    for (const index of plan.steps.keys()) {
      const { count, instructions = count } = await device.step(index);
      counts.push(instructions);
    }
    return counts;
  } finally {
    await device.close();
  }
}

/** A straight line through points, by least squares. */
function line(points: readonly { x: number; y: number }[]): { at0: number; slope: number } {
  const mean = (of: (p: { x: number; y: number }) => number): number =>
    points.reduce((sum, p) => sum + of(p), 0) / points.length;
  const [x, y] = [mean((p) => p.x), mean((p) => p.y)];
  const slope = mean((p) => (p.x - x) * (p.y - y)) / mean((p) => (p.x - x) ** 2);
  return { at0: y - slope * x, slope };
}

async function decodeRow(board: Board): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mote-decode-'));
  try {
    const packs = [await pack(board.target, 'stream'), await pack(board.target, 'start')];
    const [during, before] = [
      await countSteps(join(folder, 'stream'), board, packs[0]),
      await countSteps(join(folder, 'start'), board, packs[1]),
    ];
    const points = packs[0].plan.steps.flatMap(({ coded }, i) =>
      coded
        ? [
            {
              x: coded.arrays.flatMap((a) => piecesOf(a.array)).reduce((n, p) => n + elementsOf(p), 0),
              y: during[i] - before[i],
            },
          ]
        : [],
    );
    const { at0, slope } = line(points);
    return `${board.target.padEnd(16)} "decode": { "perCall": ${at0.toFixed(0)}, "perValue": ${slope.toFixed(1)} }`;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const wanted = process.argv.slice(2);
for (const board of listBoards().filter((b) => b.emulator && (wanted.length === 0 || wanted.includes(b.id))))
  process.stdout.write(`${await decodeRow(board)}\n`);
