#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// The command line: commands as rows, commander as the parser, one place that exits.
import { Command, CommanderError } from 'commander';
import { version } from '../version.js';
import type { CommandSpec, OptionValues } from './command.js';
import { commands } from './commands/index.js';
import { exitCodes, fail, MoteError } from './errors.js';
import { reasonOf } from './files.js';
import { Output } from './output.js';

const overview = `mote ${version}: a trained neural network to a measured answer on a microcontroller

  mote pack MODEL --board ID -o DIR     compress, plan memory, write C
  mote build DIR --board ID -o FW       compile the firmware
  mote flash FW --board ID              write it to the board
  mote run DIR --board ID --data X.npy  run it on the board or its emulator, compare with the host
  mote demo                             all of that with the bundled model, no board needed
  mote --help                           all commands
`;

const exitCodeHelp =
  'Exit codes: 0 done, 1 internal error, 2 wrong usage, 3 bad input, 4 does not fit, 5 no device,\n' +
  '6 device or flash failure, 7 outputs differ, 8 regression, 9 tool missing, 130 interrupted';

/** Ctrl-C, for the command that runs and stops gently. */
const interrupt = new AbortController();
const gentle: { command?: string | undefined; running?: string } = {};

/** The commands that this line needs: the one it names, none for the version, all for help and for a wrong name. */
async function loadCommands(argv: readonly string[]): Promise<CommandSpec[]> {
  if (argv[0] === '--version' || argv[0] === '-V') return [];
  const named = Object.hasOwn(commands, argv[0]) ? [argv[0]] : Object.keys(commands);
  return Promise.all(named.map((name) => commands[name]()));
}

/** Runs one command line and gives the exit code. */
async function runCli(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json');
  const quiet = argv.includes('-q') || argv.includes('--quiet');
  const onGentle = () => {
    gentle.command = gentle.running;
  };
  const out = new Output({ json, quiet, signal: interrupt.signal, onGentle });
  if (argv.length === 0) {
    out.plain(overview);
    return exitCodes.done;
  }
  const program = new Command('mote').version(version).exitOverride().showSuggestionAfterError();
  program.description('From a trained neural network to a measured answer on a microcontroller.');
  program.addHelpText('after', `\n${exitCodeHelp}`);
  program.configureOutput({ writeOut: (text) => out.plain(text), writeErr: () => undefined });
  let exit: number = exitCodes.done;
  for (const spec of await loadCommands(argv)) {
    addCommand(program, spec, out, (code) => {
      exit = code;
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
  } catch (error) {
    return failure(error, Object.hasOwn(commands, argv[0]) ? argv[0] : 'mote', out);
  }
  return exit;
}

function failure(error: unknown, command: string, out: Output): number {
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return exitCodes.done;
    const what = error.message.replace(/^error: /, '');
    const usage =
      command === 'mote' ? new MoteError('usage.command', { what }) : new MoteError('usage.bad', { what, command });
    out.error(command, usage);
    return usage.exit;
  }
  if (error instanceof MoteError) {
    out.error(command, error);
    return error.exit;
  }
  if (refusals.has((error as NodeJS.ErrnoException | undefined)?.code ?? '')) {
    const refused = new MoteError('file.system', { reason: (error as Error).message });
    out.error(command, refused);
    return refused.exit;
  }
  out.internal(command, error);
  return exitCodes.internal;
}

/** Full disks and the like, met where no path of the user's is at hand: no bug of ours. */
const refusals = new Set(['EACCES', 'EDQUOT', 'EMFILE', 'ENFILE', 'ENOSPC', 'EPERM', 'EROFS']);

function addCommand(program: Command, spec: CommandSpec, out: Output, setExit: (code: number) => void): void {
  const command = program.command(spec.name).description(spec.summary);
  for (const a of spec.arguments) {
    const name = a.variadic ? `${a.name}...` : a.name;
    command.argument(a.optional ? `[${name}]` : `<${name}>`, a.text);
  }
  for (const o of spec.options) {
    if (o.required) command.requiredOption(o.flags, o.text);
    else command.option(o.flags, o.text);
  }
  command.option('--json', 'print one JSON object').option('-q, --quiet', 'no progress lines');
  command.action(async (...received: unknown[]) => {
    const args = received.slice(0, spec.arguments.length).flat() as string[];
    requireNeeds(spec, command);
    gentle.running = spec.name;
    gentle.command = spec.stopsGently ? spec.name : undefined;
    const answer = await spec.run(args, command.opts<OptionValues>(), out);
    out.answer(spec.name, answer);
    if (answer.error) setExit(answer.error.exit);
  });
}

/** No option is passed over in silence. */
function requireNeeds(spec: CommandSpec, command: Command): void {
  for (const { attributeName, long } of command.options.map((o) => ({
    attributeName: o.attributeName(),
    long: o.long,
  }))) {
    const needs = spec.options.find((o) => o.flags.split(/[ ,]+/).includes(long ?? ''))?.needs;
    if (needs === undefined || command.getOptionValueSource(attributeName) !== 'cli') continue;
    if (command.getOptionValue(needs) === undefined)
      fail('usage.bad', { what: `${long} says nothing without --${needs}`, command: spec.name });
  }
}

// A reader that closes the pipe early (head, less) is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(exitCodes.done);
  process.stderr.write(`error file.write  cannot write to standard output: ${reasonOf(error)}\n`);
  process.exit(exitCodes.input);
});
// A terminal that was closed takes no last words.
process.stderr.on('error', () => undefined);
// Exit handlers end the children and remove the temporary folders; nothing has been written under its final name.
const onInterrupt = (): void => {
  if (gentle.command !== undefined && !interrupt.signal.aborted) {
    process.stderr.write(`\n${gentle.command} stops after this step; Ctrl-C again stops at once\n`);
    interrupt.abort();
    return;
  }
  process.stderr.write(
    gentle.command === undefined
      ? 'interrupted; nothing half-written was left behind\n'
      : `interrupted; ${gentle.command} was stopped and its step is not finished: run the same command again\n`,
  );
  process.exit(exitCodes.interrupted);
};
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onInterrupt);

process.exitCode = await runCli(process.argv.slice(2));
