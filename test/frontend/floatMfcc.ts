// SPDX-License-Identifier: Apache-2.0
// MFCC by their definition, in double: Fourier sums, triangles on the mel scale, logarithms, cosines. No fast transform and
// nothing of src/, so that it can judge it.

export interface MfccDefinition {
  rate: number;
  /** Samples. */
  window: number;
  hop: number;
  size: number;
  mels: number;
  coefficients: number;
  lowHz: number;
  highHz: number;
  peak: number;
  floor: number;
}

/** MLPerf Tiny's keyword spotting. */
export const kwsMfcc: MfccDefinition = {
  rate: 16_000,
  window: 480,
  hop: 320,
  size: 512,
  mels: 40,
  coefficients: 10,
  lowHz: 20,
  highHz: 4000,
  peak: 32_768,
  floor: 1e-6,
};

const melOf = (hz: number): number => 1127 * Math.log(1 + hz / 700);

function magnitudes(frame: readonly number[], size: number): number[] {
  const [cosines, sines] = [Math.cos, Math.sin].map((wave) =>
    Array.from({ length: size }, (_, i) => wave((2 * Math.PI * i) / size)),
  );
  return Array.from({ length: size / 2 + 1 }, (_, k) => {
    let [re, im] = [0, 0];
    for (let i = 0; i < frame.length; i++) {
      re += frame[i] * cosines[(i * k) % size];
      im -= frame[i] * sines[(i * k) % size];
    }
    return Math.hypot(re, im);
  });
}

function logMel(d: MfccDefinition, spectrum: readonly number[]): number[] {
  const edges = Array.from(
    { length: d.mels + 2 },
    (_, i) => melOf(d.lowHz) + ((melOf(d.highHz) - melOf(d.lowHz)) * i) / (d.mels + 1),
  );
  return Array.from({ length: d.mels }, (_, c) => {
    const sum = spectrum.reduce((total, magnitude, k) => {
      if (k === 0) return total;
      const mel = melOf((k * d.rate) / d.size);
      const rising = (mel - edges[c]) / (edges[c + 1] - edges[c]);
      const falling = (edges[c + 2] - mel) / (edges[c + 2] - edges[c + 1]);
      return total + magnitude * Math.max(0, Math.min(rising, falling));
    }, 0);
    return Math.log(sum + d.floor);
  });
}

/** Frames of coefficients, one after the other. */
export function floatMfcc(d: MfccDefinition, sound: ArrayLike<number>): number[] {
  const frames = 1 + Math.floor((sound.length - d.window) / d.hop);
  return Array.from({ length: frames }, (_, f) => {
    const frame = Array.from({ length: d.window }, (__, i) => {
      const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * i) / d.window);
      return (hann * sound[f * d.hop + i]) / d.peak;
    });
    const logs = logMel(d, magnitudes(frame, d.size));
    return Array.from(
      { length: d.coefficients },
      (__, k) =>
        Math.sqrt(2 / d.mels) *
        logs.reduce((sum, log, c) => sum + log * Math.cos((Math.PI / d.mels) * k * (c + 0.5)), 0),
    );
  }).flat();
}
