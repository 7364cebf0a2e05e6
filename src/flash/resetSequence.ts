// SPDX-License-Identifier: Apache-2.0
// Reset and boot sequences of a board file, in the language of esptool's `custom_reset_sequence` setting
// (docs.espressif.com/projects/esptool, "Custom Reset Sequence"): steps joined by `|`; `D1` asserts DTR, `R0` releases
// RTS, `U1,0` sets DTR and RTS in one step, `W0.1` waits 0.1 s.
import type { Link, ModemLines } from '../link/link.js';

export type ResetStep = { lines: Partial<ModemLines> } | { waitMs: number };

/** A board needs milliseconds; a file that says minutes is a mistake. */
const mostWaitMs = 10_000;
const mostSteps = 64;

/** Why a text is no sequence. */
export class SequenceError extends Error {}

export function parseSequence(text: string): ResetStep[] {
  const steps = text.split('|').map(parseStep);
  if (steps.length > mostSteps) throw new SequenceError(`more than ${mostSteps} steps`);
  const waitMs = steps.reduce((sum, s) => sum + ('waitMs' in s ? s.waitMs : 0), 0);
  if (waitMs > mostWaitMs) throw new SequenceError(`it waits ${waitMs} ms in all, more than ${mostWaitMs}`);
  return steps;
}

function parseStep(step: string): ResetStep {
  const one = /^([DR])([01])$/.exec(step);
  if (one) return { lines: { [one[1] === 'D' ? 'dtr' : 'rts']: one[2] === '1' } };
  const both = /^U([01]),([01])$/.exec(step);
  if (both) return { lines: { dtr: both[1] === '1', rts: both[2] === '1' } };
  const wait = /^W(\d{1,3}(?:\.\d{1,6})?)$/.exec(step);
  if (wait) return { waitMs: Math.round(Number(wait[1]) * 1000) };
  throw new SequenceError(`'${step.slice(0, 20)}' is no step: D0, D1, R0, R1, U1,0 or W0.1`);
}

/**
 * Plays the steps. Lines that a step does not name keep the state of the step before; at the start both count as
 * released. Gives the state in which the lines were left.
 */
export async function playSequence(
  link: Pick<Link, 'setLines'>,
  sequence: string,
  options: { from?: ModemLines; sleep?: (ms: number) => Promise<void> } = {},
): Promise<ModemLines> {
  const { from = { dtr: false, rts: false }, sleep = sleepMs } = options;
  let lines = from;
  for (const step of parseSequence(sequence)) {
    if ('waitMs' in step) await sleep(step.waitMs);
    else {
      lines = { ...lines, ...step.lines };
      await link.setLines?.(lines);
    }
  }
  return lines;
}

const sleepMs = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
