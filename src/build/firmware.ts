// SPDX-License-Identifier: Apache-2.0
// Pack folder + board -> firmware (ELF, and the image that the board's flasher takes) and what it occupies.
//
// The contract between the build and the C of runtime-c/firmware/:
// - The pack brings mote_model.h: MOTE_MODEL_NAME, MOTE_MODEL_HASH_BYTES (8), MOTE_MODEL_ARENA_BYTES,
//   MOTE_MODEL_LAYERS, mote_model_init(arena), mote_model_reset(arena), mote_model_run(arena) and mote_model_step(layer, arena).
// - The build writes mote_board.h (boardHeader.ts): MOTE_BOARD_ID, MOTE_CLOCK_HZ; MOTE_UART_BASE, _CLOCK_HZ, _BAUD
//   and one of MOTE_UART_CMSDK, _PL011, _NS16550, _STM32_V1, _STM32_V2 (the last with MOTE_UART_LPUART for an
//   LPUART), _NRF, _SERCOM, _ESP, _ESP_V2, _SCI_B, with _TX_PIN and _RX_PIN where they can be chosen; one of MOTE_COUNTER_DWT, _SYSTICK,
//   _MMIO, _MINSTRET, _MCYCLE, _MPCCR, _PMU, with MOTE_COUNTER_BASE, _HZ and _UNIT (0 none, 1 cycles, 2 instructions,
//   3 ticks); MOTE_STACK_BYTES, MOTE_CHUNK_BYTES, MOTE_GUARD_BYTES; where the board has
//   a marker pin MOTE_MARKER_SETUP, _HIGH_ADDRESS, _HIGH_VALUE, _LOW_ADDRESS and _LOW_VALUE.
// - With the profiling agent it defines MOTE_AGENT and writes mote_agent.h (agentHeader.ts); without counts of single
//   layers it defines MOTE_NO_LAYERS and leaves out the pack's layerSources.
// - Start-up paints the stack with C5C5C5C5, sets up .data, .bss and the FPU, and calls mote_soc_init() (soc/<soc>.c or
//   soc/generic.c: clocks, pins), then main(). Faults end in mote_fault(cause, pc): cause is the exception number or
//   mcause. The SysTick vector is mote_systick_irq(), empty unless defined.
// - The linker script gives __stack_limit, __stack_top, __data_start, __data_end, __data_load, __bss_start, __bss_end.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fail } from '../cli/errors.js';
import { writeOutput } from '../cli/files.js';
import { mcubootVectorOffset } from '../flash/mcubootSlot.js';
import type { Board } from '../generated/board.js';
import type { PackManifest } from '../generated/pack.js';
import { packageRoot } from '../packageRoot.js';
import { openPack } from '../packFolder.js';
import { type AgentOptions, agentHeader, energyBaud } from './agentHeader.js';
import { writeBin } from './bin.js';
import { boardHeader } from './boardHeader.js';
import { loadTarget } from './boards.js';
import { sealBoot2 } from './boot2.js';
import { type Elf, readElf, sectionBytes, sectionNamed } from './elf.js';
import { floatUses } from './floatFree.js';
import { writeHex } from './hex.js';
import { imageOf } from './image.js';
import { defaultStackBytes, linkerScript, regionOf } from './linkerScript.js';
import { mcubootBoard } from './mcubootBoard.js';
import { hasNpuParts, requireNpu, requireStreams } from './npuChecks.js';
import {
  type FunctionSize,
  largestFunctions,
  type MemoryUse,
  memoryUse,
  type SectionSize,
  sectionSizes,
} from './sizes.js';
import { type StackBound, stackBound } from './stack.js';
import { type Overflow, openToolchain, type Toolchain, type ToolchainName } from './toolchain.js';
import { writeUf2 } from './uf2.js';
import { withWorkFolder } from './workFolder.js';
import { type McubootSigning, writeMcuboot } from './writeMcuboot.js';

export interface BuildOptions {
  toolchain?: ToolchainName;
  /** With the profiling agent: marked windows, MLPerf Tiny's commands; costs a copy of the input. */
  agent?: AgentOptions;
  /** False: without STEP and BATCH of one layer, and what they need; the whole can still be run and counted. */
  layers?: boolean;
  /** For the slot of the board's MCUboot, with its header and hash. */
  mcuboot?: McubootSigning;
}

export interface BuildReport extends MemoryUse {
  board: string;
  model: string;
  /** First 16 hex digits of the pack hash, as the firmware reports them. */
  hash: string;
  toolchain: string;
  elfPath: string;
  /** What a flasher takes: UF2, HEX, BIN or MCUboot's image beside the ELF, or the ELF itself. */
  imagePath: string;
  weightBytes: number;
  arenaBytes: number;
  /**
   * Most that the stack can reach, interrupts included; null when the call graph does not bound it (see
   * stack.reasons).
   */
  stackBytes: number | null;
  stackReservedBytes: number;
  stack: StackBound;
  /** Soft-float helpers and float instructions in the program; empty for integer models. */
  floatUses: string[];
  sections: SectionSize[];
  largestFunctions: FunctionSize[];
}

const firmwareFolder = join(packageRoot, 'runtime-c', 'firmware');

const uartSources: Record<Exclude<Board['console']['uart'], 'other'>, string> = {
  cmsdk: 'uart_cmsdk.c',
  pl011: 'uart_pl011.c',
  ns16550: 'uart_ns16550.c',
  'stm32-usart-v1': 'uart_stm32_v1.c',
  'stm32-usart-v2': 'uart_stm32_v2.c',
  'stm32-lpuart': 'uart_stm32_v2.c',
  'nrf-uart': 'uart_nrf.c',
  sercom: 'uart_sercom.c',
  'esp-uart': 'uart_esp.c',
  'esp-uart-v2': 'uart_esp_v2.c',
  'sci-b': 'uart_sci_b.c',
  'sifive-uart': 'uart_sifive.c',
};
const counterSources: Record<Board['counter']['kind'], string> = {
  dwt: 'counter_dwt.c',
  systick: 'counter_systick.c',
  mmio: 'counter_mmio.c',
  minstret: 'counter_riscv.c',
  mcycle: 'counter_riscv.c',
  mpccr: 'counter_mpccr.c',
  pmu: 'counter_pmu.c',
};
const architectures = {
  'cortex-m': { startup: 'startup_cortex_m.c', template: 'link_arm.ld.template' },
  riscv: { startup: 'startup_riscv.c', template: 'link_riscv.ld.template' },
} as const;

/** On an emulated board the NPU is the host's; on silicon only the K210's needs nothing else. */
const linked: Readonly<Record<string, string>> = { ethosu: 'ethosu_link.c', k210: 'kpu_link.c' };
const linkOf = (board: Board): string | undefined =>
  board.emulator ? linked[loadTarget(board.target).npu?.backend ?? ''] : undefined;
const linkSources = (board: Board): string[] => {
  const own = linkOf(board);
  return own ? ['npu_link.c', own] : [];
};

/** For the firmware of a pack that has parts for the NPU. */
export const linkDefines = (board: Board): string[] =>
  linkOf(board) ? ['MOTE_NPU_LINK=1', 'MOTE_KPU_ELSEWHERE=1'] : [];

/** The firmware's own C files for this board, and which template links them. */
export function firmwareSources(board: Board, agent: boolean, npu = false): { sources: string[]; template: string } {
  const target = loadTarget(board.target);
  if (target.startup === 'none') throw new Error(`${target.id} is no target for firmware`);
  const { startup, template } = architectures[target.startup];
  const { uart } = board.console;
  if (uart === 'other') throw new Error(`${board.id} has no UART driver`);
  const own = [
    startup,
    `soc/${board.soc ?? 'generic'}.c`,
    'main.c',
    'console.c',
    'frame.c',
    'libc_min.c',
    uartSources[uart],
    counterSources[board.counter.kind],
    ...(agent ? ['agent.c', 'agent_text.c'] : []),
    ...(npu ? linkSources(board) : []),
  ];
  return { sources: own.map((f) => join(firmwareFolder, f)), template };
}

interface Linking {
  dir: string;
  manifest: PackManifest;
  board: Board;
  toolchain: Toolchain;
  stackBytes: number;
  agent?: AgentOptions;
  layers: boolean;
}

function requireFit(overflows: readonly Overflow[], board: Board, manifest: PackManifest): void {
  for (const kind of ['flash', 'ram'] as const) {
    const region = regionOf(board, kind);
    const overflow = overflows.find((o) => o.region === region.name);
    if (!overflow) continue;
    fail(`fit.${kind}`, {
      model: manifest.name,
      need: region.bytes + overflow.bytes,
      board: board.id,
      have: region.bytes,
    });
  }
  if (overflows.length > 0) fail('tool.failed', { tool: 'the linker', reason: `${overflows[0].region} is too small` });
}

/** One complete compile and link; the second stage, where there is one, gets its checksum. */
async function linkOnce({ dir, manifest, board, toolchain, stackBytes, agent, layers }: Linking): Promise<Elf> {
  const target = loadTarget(board.target);
  const own = firmwareSources(board, agent !== undefined, hasNpuParts(manifest));
  const { sources, layerSources, kernels } = manifest.files;
  const packed = [...sources, ...(layers ? layerSources : []), ...kernels].map((f) => join(dir, f));
  const small = manifest.prefer === 'size';
  return withWorkFolder(async (workFolder) => {
    const script = join(workFolder, 'link.ld');
    await writeFile(
      script,
      linkerScript(await readFile(join(firmwareFolder, own.template), 'utf8'), board, stackBytes),
    );
    await writeFile(join(workFolder, 'mote_board.h'), boardHeader(board, stackBytes));
    if (agent) await writeFile(join(workFolder, 'mote_agent.h'), agentHeader(manifest, board.id, agent));
    const output = join(workFolder, 'firmware.elf');
    const overflows = await toolchain.compileAndLink({
      target,
      sources: small ? [] : packed,
      smallSources: [...own.sources, ...(small ? packed : [])],
      includes: [workFolder, dir, firmwareFolder, join(firmwareFolder, 'libc')],
      defines: [
        ...(agent ? ['MOTE_AGENT=1'] : []),
        ...(layers ? [] : ['MOTE_NO_LAYERS=1']),
        ...(hasNpuParts(manifest) ? linkDefines(board) : []),
      ],
      linkArgs: ['-T', script, '-Wl,--entry=mote_reset'],
      workFolder,
      output,
    });
    requireFit(overflows, board, manifest);
    const elf = readElf(await readFile(output));
    const boot2 = sectionNamed(elf, '.boot2');
    if (boot2) sealBoot2(sectionBytes(elf, boot2));
    return elf;
  });
}

/** The stack gets what the board file says, or more where the call graph needs more. */
async function linkWithStack(
  linking: Omit<Linking, 'stackBytes'>,
): Promise<{ elf: Elf; stack: StackBound; stackBytes: number }> {
  const wanted = linking.board.stackBytes ?? defaultStackBytes;
  const elf = await linkOnce({ ...linking, stackBytes: wanted });
  const stack = stackBound(elf);
  const need = stack.bytes === null ? 0 : stack.bytes + stack.faultBytes;
  if (need <= wanted) return { elf, stack, stackBytes: wanted };
  const stackBytes = Math.ceil(need / 64) * 64;
  return { elf: await linkOnce({ ...linking, stackBytes }), stack, stackBytes };
}

/** The family that the board's drive takes. */
function uf2Family(board: Board): number | undefined {
  const entry = board.flash?.find((f) => f.method === 'uf2-drive');
  return entry?.method === 'uf2-drive' ? Number(entry.family) : undefined;
}

/** Writes `<out>.elf` and, where the board wants another format, that beside it. */
async function writeImages(
  elf: Elf,
  board: Board,
  outPath: string,
  mcuboot?: McubootSigning,
): Promise<{ elfPath: string; imagePath: string }> {
  const base = outPath.replace(/\.(elf|uf2|hex|bin)$/i, '');
  const elfPath = `${base}.elf`;
  const format = mcuboot ? 'signed.bin' : board.image;
  const imagePath = `${base}.${format}`;
  const image = imageOf(elf);
  const formats = {
    elf: undefined,
    uf2: () => writeUf2(image, uf2Family(board)),
    hex: () => writeHex(image, elf.entry),
    bin: () => writeBin(image).bytes,
    'signed.bin': () => mcuboot && writeMcuboot(writeBin(image).bytes, mcubootVectorOffset, mcuboot),
  } as const;
  await writeOutput(elfPath, elf.bytes);
  const contents = formats[format]?.();
  if (contents !== undefined) await writeOutput(imagePath, contents);
  return { elfPath, imagePath };
}

/** Builds the firmware of this pack for this board. Nothing is written unless it fits. */
export async function buildFirmware(
  dir: string,
  board: Board,
  outPath: string,
  options: BuildOptions = {},
): Promise<BuildReport> {
  const { manifest } = await openPack(dir);
  if (board.verified.level === 'described')
    fail('board.described', { board: board.id, note: board.verified.note ?? 'it has no start-up code yet' });
  requireNpu(manifest, board);
  const toolchain = openToolchain(options.toolchain);
  const { agent, layers = true, mcuboot } = options;
  const place = mcuboot ? mcubootBoard(board) : board;
  const console = { ...board.console, ...(agent?.mode === 'energy' && { baud: energyBaud }) };
  const linked = await linkWithStack({ dir, manifest, board: { ...place, console }, toolchain, agent, layers });
  const { elf, stack, stackBytes } = linked;
  requireStreams(imageOf(elf), board);
  const paths = await writeImages(elf, board, outPath, mcuboot);
  return {
    board: board.id,
    model: manifest.name,
    hash: manifest.hash.slice(0, 16),
    toolchain: `${toolchain.name} ${await toolchain.version(loadTarget(board.target))}`,
    ...paths,
    ...memoryUse(elf, place),
    weightBytes: manifest.weightBytes,
    arenaBytes: manifest.arenaBytes,
    stackBytes: stack.bytes,
    stackReservedBytes: stackBytes,
    stack,
    floatUses: floatUses(elf).map((u) => u.text),
    sections: sectionSizes(elf),
    largestFunctions: largestFunctions(elf, 10),
  };
}
