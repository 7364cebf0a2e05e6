// SPDX-License-Identifier: Apache-2.0
import type { AgentOptions } from '../../build/agentHeader.js';
import { loadBoard, targetOf } from '../../build/boards.js';
import { type BuildReport, buildFirmware } from '../../build/firmware.js';
import { regionOf } from '../../build/linkerScript.js';
import { mcubootBoard } from '../../build/mcubootBoard.js';
import { type McubootSigning, mcubootKeyName } from '../../build/writeMcuboot.js';
import type { Board } from '../../generated/board.js';
import type { PackManifest } from '../../generated/pack.js';
import { type MlperfTask, mlperfTasks } from '../../measure/mlperfTasks.js';
import { openPack } from '../../packFolder.js';
import { grouped, percent } from '../../report/table.js';
import { type CommandSpec, type OptionSpec, type OptionValues, text } from '../command.js';
import { fail } from '../errors.js';
import { mcubootFrom } from '../mcubootOptions.js';
import { memoryBytes } from './pack.js';

/** The board named on the command line, or the one the pack was made for. */
export function boardFor(manifest: PackManifest, id: string | undefined): Board {
  const board = loadBoard(id ?? manifest.board ?? fail('board.missing'));
  if (board.target !== manifest.target) {
    targetOf(board);
    fail('usage.bad', {
      what: `the pack is for ${manifest.target}, ${board.id} is a ${board.target}: pack it again with --board ${board.id}`,
      command: 'pack',
    });
  }
  return board;
}

/** The lines that say what the firmware needs of the board. */
export function fitLines(board: Board, report: BuildReport): string[] {
  const flash = memoryBytes(board, 'flash');
  const flashShare = flash ? `, ${percent(report.flashBytes, flash)} of ${board.id}` : '';
  return [
    `flash   ${grouped(report.flashBytes)} bytes${flashShare}: code ${grouped(report.codeBytes)}, constants ${grouped(report.constBytes)}`,
    `ram     ${grouped(report.ramBytes)} bytes, ${percent(report.ramBytes, memoryBytes(board, 'ram'))} of ${board.id}: arena, console buffers and reserved stack`,
    `stack   ${report.stackBytes === null ? 'no bound: recursion or an indirect call' : `${grouped(report.stackBytes)} bytes at most, by call graph`}`,
  ];
}

const agentOptions: OptionSpec[] = [
  {
    flags: '--agent <mode>',
    text: "with the profiling agent: windows framed by the marker pin, MLPerf Tiny's commands; performance or energy",
  },
  {
    flags: '--task <id>',
    text: `the agent loads and answers as this MLPerf Tiny task: ${Object.keys(mlperfTasks).join(', ')}`,
  },
];

function agentFrom(options: OptionValues): AgentOptions | undefined {
  const mode = text(options, 'agent');
  const task = text(options, 'task');
  if (mode !== undefined && mode !== 'performance' && mode !== 'energy')
    fail('usage.option', { option: 'agent', expected: 'performance or energy', got: mode });
  if (task !== undefined && !Object.hasOwn(mlperfTasks, task))
    fail('usage.option', { option: 'task', expected: Object.keys(mlperfTasks).join(', '), got: task });
  if (mode === undefined) return task === undefined ? undefined : { mode: 'performance', task: task as MlperfTask };
  return { mode, task: task as MlperfTask | undefined };
}

function signedWords({ version, key }: McubootSigning, place: Board): string {
  const { major, minor, revision, build } = version;
  const by = key ? `signed by ${mcubootKeyName(key)}` : 'not signed: for a MCUboot that asks for no signature';
  return `linked at ${regionOf(place, 'flash').start}, version ${major}.${minor}.${revision}+${build}, ${by}`;
}

export const build: CommandSpec = {
  name: 'build',
  summary: 'compile the firmware of a pack for a board and say exactly what it needs',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--board <id>', text: 'board; mote boards lists them (default: that of the pack)' },
    {
      flags: '-o, --output <file>',
      text: 'firmware file (.elf; the image of the board is written beside it)',
      required: true,
    },
    ...agentOptions,
    {
      flags: '--no-layers',
      text: 'without counting single layers: smaller firmware, and mote profile then has the whole alone',
    },
    {
      flags: '--mcuboot [version]',
      text: "for the slot of the board's MCUboot: linked behind the header, with version (0.0.0) and hash as FILE.signed.bin",
    },
    { flags: '--key <pem>', text: 'with --mcuboot: the private key that signs it' },
  ],
  async run([dir], options) {
    const { manifest } = await openPack(dir);
    const board = boardFor(manifest, text(options, 'board'));
    const started = performance.now();
    const mcuboot = await mcubootFrom(options, 'build');
    const place = mcuboot ? mcubootBoard(board) : board;
    const report = await buildFirmware(dir, board, text(options, 'output') as string, {
      agent: agentFrom(options),
      layers: options.layers !== false,
      ...(mcuboot && { mcuboot }),
    });
    return {
      data: report,
      lines: [
        `pack    ${manifest.name}   for ${board.id} (${board.name}, verified: ${board.verified.level})`,
        ...fitLines(place, report),
        ...(mcuboot ? [`slot    ${signedWords(mcuboot, place)}`] : []),
        `wrote   ${[...new Set([report.elfPath, report.imagePath])].join('  ')}   ${((performance.now() - started) / 1000).toFixed(1)} s`,
        mcuboot
          ? `next    mote flash ${report.imagePath} --board ${board.id} --method smp`
          : board.emulator
            ? `next    mote run ${dir} --board ${board.id} --data X.npy`
            : `next    mote flash ${report.elfPath} --board ${board.id}`,
      ],
    };
  },
};
