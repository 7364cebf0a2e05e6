// SPDX-License-Identifier: Apache-2.0
// A PPK2's calibration, as it says it itself, and the current that a raw sample stands for. Facts from Nordic's own
// application (pc-nrfconnect-ppk, src/device/serialDevice.ts) and IRNAS' ppk2-api-python.

export const rangeCount = 5;

/** One value per measuring range, smallest current first. */
export interface Ppk2Calibration {
  /** Shunt, ohm. */
  r: number[];
  /** Gain squared, gain linear, user gain, raw offset, offset by supply voltage, offset of the current. */
  gs: number[];
  gi: number[];
  ug: number[];
  o: number[];
  s: number[];
  i: number[];
  calibrated: boolean;
  /** Supply voltage that the meter remembers, millivolt. */
  vddMillivolt: number | undefined;
  hardware: string;
}

const ones = [1, 1, 1, 1, 1];
const zeros = [0, 0, 0, 0, 0];
/** What a meter without calibration is taken for (ppk2-api-python, PPK2_Modifiers). */
export const nominal = {
  r: [1031.64, 101.65, 10.15, 0.94, 0.043],
  gs: ones,
  gi: ones,
  ug: ones,
  o: zeros,
  s: zeros,
  i: zeros,
};

/** Within what a range's values must lie to be those of a PPK2: a damaged answer has others. */
const shuntFactor = 3;
const gainFactor = 10;
/** Quadratic gain by ampere, raw counts, ampere by volt, ampere; and no gain that turns the sign. */
const bounds: Record<Field, (value: number) => boolean> = {
  r: Number.isFinite,
  gs: (v) => Math.abs(v) <= 1e4,
  gi: (v) => v > 1 / gainFactor && v < gainFactor,
  ug: (v) => v === 0 || (v > 1 / gainFactor && v < gainFactor),
  o: (v) => Math.abs(v) < 65536,
  s: (v) => Math.abs(v) < 1,
  i: (v) => Math.abs(v) < 1,
};

type Field = 'r' | 'gs' | 'gi' | 'ug' | 'o' | 's' | 'i';

/** Why the meter's metadata is refused; undefined where it can be used. */
export class CalibrationError extends Error {}

/** `Calibrated: 0\nR0: 1003.3506\n…END`; `-nan` and absent values fall back to nominal ones, as in Nordic's application. */
export function parseCalibration(text: string): Ppk2Calibration {
  const values = new Map<string, string>();
  for (const line of text.split(/\r?\n/)) {
    const match = /^\s*(\w+)\s*:\s*(\S+)\s*$/.exec(line);
    if (match) values.set(match[1].toLowerCase(), match[2]);
  }
  if (values.size === 0) throw new CalibrationError('it has no `name: value` lines');
  const list = (field: Field): number[] =>
    nominal[field].map((usual, range) => numberNamed(values, field, range, usual));
  const r = list('r').map((ohm, range) => (ohm === 0 ? nominal.r[range] : ohm));
  r.forEach((ohm, range) => {
    const ratio = ohm / nominal.r[range];
    if (!(ratio > 1 / shuntFactor && ratio < shuntFactor))
      throw new CalibrationError(`R${range} is ${ohm} ohm, a PPK2 has about ${nominal.r[range]}`);
  });
  const vdd = Number(values.get('vdd'));
  return {
    r,
    gs: list('gs'),
    gi: list('gi'),
    ug: list('ug').map((gain) => (gain === 0 ? 1 : gain)),
    o: list('o'),
    s: list('s'),
    i: list('i'),
    calibrated: values.has('calibrated') && values.get('calibrated') !== '0',
    vddMillivolt: Number.isFinite(vdd) && vdd >= 800 && vdd <= 5000 ? vdd : undefined,
    hardware: (values.get('hw') ?? 'unknown').slice(0, 20),
  };
}

function numberNamed(values: ReadonlyMap<string, string>, field: Field, range: number, usual: number): number {
  const name = `${field}${range}`;
  const text = values.get(name);
  if (text === undefined || /^-?nan$/i.test(text)) return usual;
  const value = Number(text);
  if (!Number.isFinite(value)) throw new CalibrationError(`${name.toUpperCase()} is '${text.slice(0, 20)}'`);
  if (!bounds[field](value)) throw new CalibrationError(`${name.toUpperCase()} is ${value}`);
  return value;
}

/** Volt per raw unit: 1.8 V over 163840 (ppk2-api-python, adc_mult). */
const voltPerCount = 1.8 / 163840;

/** Ampere of a 14-bit reading in a range, before the spike filter. */
export function currentOf(calibration: Ppk2Calibration, range: number, adc14: number, supplyVolt: number): number {
  const { r, gs, gi, ug, o, s, i } = calibration;
  const x = (adc14 * 4 - o[range]) * (voltPerCount / r[range]);
  return ug[range] * (x * (gs[range] * x + gi[range]) + s[range] * supplyVolt + i[range]);
}
