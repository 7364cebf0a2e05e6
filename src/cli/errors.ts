// SPDX-License-Identifier: Apache-2.0
// The only list of user-facing errors: code -> exit code, message, help. Exit codes are those of README "Exit codes".
// Library code throws `fail('code', {…})`; only cli/main.ts turns it into an exit.

export const exitCodes = {
  done: 0,
  internal: 1,
  usage: 2,
  input: 3,
  fit: 4,
  device: 5,
  flash: 6,
  differ: 7,
  regression: 8,
  tool: 9,
  interrupted: 130,
} as const;

interface ErrorSpec {
  exit: number;
  text: string;
  help?: string;
}

// {name} is replaced by the argument of that name.
export const errors = {
  'usage.bad': { exit: 2, text: '{what}', help: 'see mote {command} --help' },
  'usage.command': { exit: 2, text: '{what}', help: 'mote --help lists the commands' },
  'usage.option': { exit: 2, text: "--{option} takes {expected}, not '{got}'" },
  'target.unknown': { exit: 2, text: "unknown target '{id}'{suggestion}", help: 'mote targets lists them' },
  'board.unknown': { exit: 2, text: "unknown board '{id}'{suggestion}", help: 'mote boards lists them' },
  'board.described': {
    exit: 2,
    text: 'mote builds no firmware for {board}: {note}',
    help: 'mote pack --target rv32imc writes a folder host/ of plain C, which any C99 compiler builds',
  },
  'board.missing': { exit: 2, text: 'which board? none was named', help: 'add --board ID; mote boards lists them' },

  'file.read': { exit: 3, text: "cannot read '{path}': {reason}" },
  'file.write': { exit: 3, text: "cannot write '{path}': {reason}" },
  'file.temporary': {
    exit: 3,
    text: "the temporary folder '{path}' cannot be used: {reason}",
    help: 'TMPDIR names another one',
  },
  'file.system': {
    exit: 3,
    text: 'the file system refuses: {reason}',
    help: 'is there room where mote writes, and in the temporary folder (TMPDIR)?',
  },
  'file.size': { exit: 3, text: "'{path}' is {bytes} bytes, more than the {limit} that mote reads" },
  'model.format': {
    exit: 3,
    text: '{path} is neither TFLite nor ONNX nor a llama2.c checkpoint: {reason}',
    help: 'mote reads .tflite and .onnx files, and checkpoints of llama2.c',
  },
  'model.broken': { exit: 3, text: 'the model is damaged: {reason}' },
  'model.unsupported': { exit: 3, text: "node '{node}' ({op}) cannot run: {reason}", help: '{change}' },
  'export.node': { exit: 3, text: "node '{node}' ({op}) cannot be exported: {reason}" },
  'model.shape': { exit: 3, text: "node '{node}' ({op}): {reason}" },
  'text.tokenizer': {
    exit: 3,
    text: "'{path}' is not the tokenizer of this model: {reason}",
    help: 'give the file that llama2.c exported with the model: mote pack MODEL --tokenizer FILE',
  },
  'text.prompt': { exit: 3, text: 'the prompt cannot be used: {reason}' },
  'text.model': {
    exit: 3,
    text: "'{path}' does not write text: {reason}",
    help: 'pack a checkpoint of llama2.c: mote pack MODEL.bin --tokenizer TOKENIZER.bin',
  },
  'data.broken': { exit: 3, text: "'{path}' is not usable data: {reason}" },
  'data.shape': { exit: 3, text: "'{path}' has shape {got}, the model wants {expected}" },
  'json.broken': { exit: 3, text: "'{path}' is not a valid {kind}: {reason}" },
  'npu.broken': { exit: 3, text: "'{path}' is not usable NPU code: {reason}" },
  'npu.operator': {
    exit: 3,
    text: "'{path}' has a CPU node of kind {operator}, which the functional model of the NPU does not run",
    help: 'mote npu dump lists the nodes',
  },
  'npu.board': {
    exit: 4,
    text: '{what} for {config}, {board} has {has}; nothing was flashed',
    help: 'pack it for the NPU of the board: mote pack MODEL --board {board} -o DIR',
  },
  'npu.driver': {
    exit: 2,
    text: '{board} needs the driver of its NPU, which mote does not bring',
    help: "build the pack's C files in the board's own SDK, with Arm's ethos-u-core-driver",
  },
  'npu.refused': { exit: 7, text: '{board}: the driver of the NPU refuses to run: {reason}' },
  'npu.tool': {
    exit: 9,
    text: "'{path}' is {tool} {got}, mote works with {expected}",
    help: '{help}',
  },
  'npu.node': {
    exit: 3,
    text: "node '{node}' ({op}) cannot be in a kmodel: {reason}",
    help: 'mote inspect lists the nodes; a pack for the CPU runs all of them',
  },
  'npu.memory': {
    exit: 4,
    text: 'the NPU has {limit} bytes for feature maps, {what} ends at {bytes}',
    help: 'a smaller input, or fewer channels where the map is largest',
  },
  'costs.other': {
    exit: 3,
    text: "'{path}' holds the costs of {got}, not of {expected}",
    help: 'mote profile DIR --board ID --learn makes one for a board; --no-costs takes none',
  },
  'costs.run': { exit: 3, text: "nothing can be learnt from '{path}': {reason}" },
  'pack.broken': {
    exit: 3,
    text: "'{path}' is not a mote pack: {reason}",
    help: 'make one with mote pack MODEL --target ID -o DIR',
  },
  'quant.calibration': { exit: 3, text: 'the calibration data cannot be used: {reason}' },

  'quant.float': {
    exit: 3,
    text: 'weight formats and pruning need a float model and calibration data: {what}',
    help: 'give the float model and --calib x.npy',
  },

  'recipe.layer': {
    exit: 3,
    text: "the recipe names a layer '{name}' with weights, which the model does not have{suggestion}",
    help: 'mote inspect lists the layers; mote tune writes a recipe for the model',
  },

  'fit.budget': {
    exit: 4,
    text: 'no plan of these formats keeps {given}: {what}',
    help: 'give a larger budget, or more formats by --formats',
  },
  'fit.flash': {
    exit: 4,
    text: '{model} needs {need} bytes of flash, {board} has {have}',
    help: 'choose a board with more flash or a smaller model',
  },
  'fit.ram': {
    exit: 4,
    text: '{model} needs {need} bytes of RAM, {board} has {have}',
    help: 'pack it with --prefer ram (less memory, more time), or choose a board with more RAM or a smaller model',
  },

  'device.none': {
    exit: 5,
    text: '{board} has no emulator here, and no port was named',
    help: 'add --port PATH, or pack for a virtual board of its CPU: mote boards',
  },
  'device.open': { exit: 5, text: "cannot open '{port}': {reason}" },
  'link.lacks': {
    exit: 5,
    text: '{port} cannot {what}, which flashing by {method} needs',
    help: 'use a port that can, or another way to flash: --method ID',
  },
  'device.silent': { exit: 6, text: '{board} does not answer: {reason}' },
  'device.fault': { exit: 6, text: '{board} stopped: {reason}' },
  'device.reset': {
    exit: 6,
    text: '{board} was reset {when}: what it then measures is another run',
    help: 'a watchdog, a weak supply or a press of its button; what was measured before is kept',
  },
  'device.protocol': { exit: 6, text: '{board} sent something unexpected: {reason}' },
  'device.wrongModel': {
    exit: 6,
    text: '{board} runs model {got}, the pack is {expected}',
    help: 'build and load the firmware of this pack',
  },
  'device.guard': {
    exit: 7,
    text: '{board}: the memory around the arena was overwritten',
    help: 'please report this with the model',
  },

  'flash.method': { exit: 2, text: "{board} cannot be flashed by '{method}'; it has {methods}" },
  'flash.none': {
    exit: 5,
    text: 'no {board} was found; looked for {what}',
    help: 'mote devices shows what is connected; --port names a port or a drive',
  },
  'flash.many': {
    exit: 5,
    text: '{count} devices can be {board}: {list}',
    help: 'say which: --port {first}',
  },
  'flash.blocked': { exit: 5, text: '{path} can be {board}, but is blocked: {reason}', help: '{help}' },
  // {state}, where it is not empty, says in what state the board was left.
  'flash.image': {
    exit: 3,
    text: 'the image cannot be flashed to {board}: {reason}; nothing was erased',
    help: 'build it for this board: mote build PACK --board {board} -o FW',
  },
  'flash.unsigned': {
    exit: 3,
    text: '{board} takes images signed for MCUboot by smp, and this is none: {reason}; nothing was erased',
    help: 'mote build --mcuboot makes one of a pack; else link it for {start}, then: imgtool sign --key KEY.pem --header-size {header} --pad-header --align 4 --version 1.0.0 --slot-size {slot} FW.bin SIGNED.bin',
  },
  'flash.silent': {
    exit: 6,
    text: 'the boot loader of {board} does not answer: {reason}{state}',
    help: '{help}',
  },
  'flash.lost': { exit: 6, text: 'the connection to {board} broke: {reason}{state}' },
  'flash.differs': { exit: 6, text: '{board} holds something else than was written: {reason}{state}' },
  'flash.noisy': {
    exit: 6,
    text: 'the line to {board} damages bytes: {range} read differently {count} times{state}',
    help: 'a shorter cable, or a lower baud rate in the board file',
  },
  'flash.chip': {
    exit: 6,
    text: '{board} has {found} where {expected} is expected; nothing was erased',
    help: 'name the board that is really there: --board ID',
  },
  'flash.drive': { exit: 6, text: 'copying to the drive {drive} failed: {reason}' },
  'flash.refused': { exit: 6, text: 'the boot loader of {board} refused {what}: {reason}{state}' },
  'flash.running': {
    exit: 6,
    text: "{port} is the port of a running program, the boot loader was not entered: it says '{talk}'",
    help: 'set BOOT0 high (a jumper or button), press reset, flash again; without BOOT0 on this port use another method',
  },
  'flash.locked': {
    exit: 6,
    text: '{chip} on {board} is protected against reading and writing; nothing was erased',
    help: 'mote never changes protection: taking it off erases the whole chip, with a tool of the maker',
  },
  'flash.interrupted': { exit: 130, text: 'interrupted{state}' },

  'device.counter': {
    exit: 6,
    text: '{board}: its counter cannot measure: {reason}',
    help: 'choose another counter in the board file (systick works on every Cortex-M)',
  },
  'compare.over': {
    exit: 8,
    text: '{measure} grew by {percent} %, more than --fail-over {limit}: {before} before, {after} now',
  },
  'agent.none': {
    exit: 6,
    text: 'the firmware of {board} has no windows of many inferences, which energy is measured in',
    help: 'build and flash it with the agent: mote build PACK --agent performance -o FW',
  },
  'agent.model': { exit: 3, text: 'the profiling agent cannot drive {model}: {reason}' },
  'meter.silent': { exit: 5, text: '{meter} does not answer: {reason}', help: 'is it plugged in, and the right port?' },
  'meter.broken': { exit: 6, text: '{meter} cannot be used: {reason}' },
  'meter.marker': {
    exit: 6,
    text: 'the windows cannot be found in the power trace: {reason}',
    help: "wire the board's marker pin to a digital input of the meter, or name the input by --marker",
  },

  'meter.emulated': {
    exit: 2,
    text: 'an emulated PPK2 looks at the marker pin of the emulated Pico; {board} has no such emulator',
    help: 'take --board pico, or a real meter',
  },
  'meter.lost': { exit: 6, text: '{meter} went away {when}: {reason}' },

  'drop.over': {
    exit: 8,
    text: '{measure} falls by {drop} points, more than --max-drop {limit}: float {float} %, packed {packed} % of {count} samples; nothing was written',
    help: 'allow more, or give more bits',
  },
  'run.interrupted': { exit: 130, text: 'interrupted{state}' },
  'run.none': { exit: 3, text: '{what}', help: 'mote profile PACK keeps its run in .mote/runs' },
  'run.differ': { exit: 7, text: '{what}' },
  'verify.differ': { exit: 7, text: '{what}' },

  'tool.missing': { exit: 9, text: '{tool} was not found', help: '{how}' },
  'tool.failed': { exit: 9, text: '{tool} failed: {reason}' },
} satisfies Record<string, ErrorSpec>;

export type ErrorCode = keyof typeof errors;

/** An error with a sentence for the user. Everything else that is thrown is a bug (exit 1). */
export class MoteError extends Error {
  readonly exit: number;
  readonly help: string | undefined;
  constructor(
    readonly code: ErrorCode,
    readonly args: Readonly<Record<string, string | number>>,
  ) {
    const spec: ErrorSpec = errors[code];
    super(fill(spec.text, args));
    this.exit = spec.exit;
    this.help = spec.help === undefined ? undefined : fill(spec.help, args) || undefined;
  }
}

/** Throws the error with this code; `fail(...)` may stand where a value is expected. */
export function fail(code: ErrorCode, args: Record<string, string | number> = {}): never {
  throw new MoteError(code, args);
}

/** One sentence on one line: names and reasons may come from hostile files. */
function fill(template: string, args: Readonly<Record<string, string | number>>): string {
  const text = template.replace(/\{(\w+)\}/g, (_, key: string) => String(args[key] ?? ''));
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are exactly what is removed
  return text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').slice(0, 600);
}
