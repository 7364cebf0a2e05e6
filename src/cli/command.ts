// SPDX-License-Identifier: Apache-2.0
// What a command is: a row for the parser, and a function from arguments to an answer.
import type { Answer, Output } from './output.js';

export interface OptionSpec {
  /** Commander syntax: `--board <id>`. */
  flags: string;
  text: string;
  required?: boolean;
  /** The option that it belongs to and says nothing without. */
  needs?: string;
}

export type OptionValues = Readonly<Record<string, string | boolean | readonly string[] | undefined>>;

export interface CommandSpec {
  name: string;
  /** One line for --help. */
  summary: string;
  /** A variadic one is the last. */
  arguments: { name: string; text: string; optional?: boolean; variadic?: boolean }[];
  options: OptionSpec[];
  /** Ctrl-C aborts `out.signal` instead of ending the program at once; a second one ends it. */
  stopsGently?: boolean;
  run(args: string[], options: OptionValues, out: Output): Promise<Answer>;
}

/** An option that takes several values: `--from <run...>`. */
export function list(options: OptionValues, key: string): readonly string[] {
  const value = options[key];
  return Array.isArray(value) ? value : [];
}

/** A string option, or undefined. */
export function text(options: OptionValues, key: string): string | undefined {
  const value = options[key];
  return typeof value === 'string' ? value : undefined;
}
