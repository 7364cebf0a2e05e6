// SPDX-License-Identifier: Apache-2.0
// Options that are numbers.
import { type OptionValues, text } from './command.js';
import { fail } from './errors.js';

export function numberOption(
  options: OptionValues,
  option: string,
  key: string,
  usual: number,
  atLeast: number,
): number {
  const given = text(options, key);
  const value = given === undefined ? usual : Number(given);
  if (Number.isFinite(value) && value >= atLeast) return value;
  return fail('usage.option', { option, expected: `a number from ${atLeast} up`, got: given ?? '' });
}
