// SPDX-License-Identifier: Apache-2.0
// `--energy` and what belongs to it.
import { type MeterPlace, meterForms, parseMeter } from '../measure/meters.js';
import { type OptionSpec, type OptionValues, text } from './command.js';
import { numberOption } from './numberOption.js';

export interface EnergySettings {
  meter: MeterPlace;
  windows: number;
  seconds: number;
  inferences: number | undefined;
  marker: number | undefined;
  millivolt: number;
  ampere: boolean;
  idle: boolean;
}

/** The rules of MLPerf Tiny ask for 10 s; an emulated chip computes slower than a real one, and its windows repeat exactly. */
const usualSeconds = { board: 10, emulated: 0.05 } as const;

export const energyOptions: OptionSpec[] = [
  { flags: '--energy <meter>', text: `a power meter: ${meterForms.join(', ')} (on the emulated Pico)` },
  { flags: '--volt <v>', text: 'supply that the meter gives, or that the board has (default 3.3)', needs: 'energy' },
  { flags: '--ampere', text: 'the board has its own supply, the PPK2 sits in it', needs: 'energy' },
  {
    flags: '--marker <n>',
    text: 'digital input of the meter that the marker pin is wired to (default 0 where it has some)',
    needs: 'energy',
  },
  { flags: '--windows <n>', text: 'energy windows (default 5)', needs: 'energy' },
  {
    flags: '--seconds <s>',
    text: 'length of an energy window (default 10, of the emulated Pico 0.05)',
    needs: 'energy',
  },
  { flags: '--inferences <n>', text: 'inferences in a window, instead of --seconds', needs: 'energy' },
  { flags: '--idle', text: 'also say what is left without idle power', needs: 'energy' },
];

export function energySettings(options: OptionValues): EnergySettings | undefined {
  const given = text(options, 'energy');
  if (given === undefined) return undefined;
  const meter = parseMeter(given);
  const whole = (option: string, usual: number, atLeast: number) =>
    Math.floor(numberOption(options, option, option, usual, atLeast));
  const usual = usualSeconds[meter.kind === 'emulated' ? 'emulated' : 'board'];
  return {
    meter,
    windows: whole('windows', 5, 1),
    seconds: numberOption(options, 'seconds', 'seconds', usual, 0.001),
    inferences: text(options, 'inferences') === undefined ? undefined : whole('inferences', 1, 1),
    marker: text(options, 'marker') === undefined ? undefined : whole('marker', 0, 0),
    millivolt: Math.round(1000 * numberOption(options, 'volt', 'volt', 3.3, 0.8)),
    ampere: options.ampere === true,
    idle: options.idle === true,
  };
}
