// SPDX-License-Identifier: Apache-2.0
// `--mcuboot [version]` and `--key`: how an image for MCUboot's slot is made.
import { type McubootSigning, parseMcubootVersion, readSigningKey } from '../build/writeMcuboot.js';
import { type OptionValues, text } from './command.js';
import { fail } from './errors.js';
import { readInput } from './files.js';

const defaultVersion = '0.0.0';

/** Undefined where the options ask for none; `always` where the flash method does. */
export async function mcubootFrom(
  options: OptionValues,
  command: string,
  always = false,
): Promise<McubootSigning | undefined> {
  const keyPath = text(options, 'key');
  if (!always && options.mcuboot === undefined) {
    if (keyPath !== undefined) fail('usage.bad', { what: '--key signs an image for --mcuboot', command });
    return undefined;
  }
  const given = text(options, 'mcuboot') ?? defaultVersion;
  const version =
    parseMcubootVersion(given) ??
    fail('usage.option', { option: 'mcuboot', expected: 'a version as 1.2.3 or 1.2.3+4', got: given });
  if (keyPath === undefined) return { version };
  return { version, key: readSigningKey(await readInput(keyPath), keyPath) };
}
