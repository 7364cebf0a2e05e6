// SPDX-License-Identifier: Apache-2.0
// The front end of tflite-micro's micro_speech example, integer by integer: Hann window, FFT of int16, filter bank, noise
// reduction, gain, logarithm. Constants: audio_preprocessor.py (FeatureParams) and the microfrontend library's defaults.
import type { Quant } from '../model/graph.js';
import { curveLength } from '../ops/pcan.js';
import { type FrontendSpec, fftSize } from './frontendSpec.js';
import { gainBits, gainCurve } from './gainCurve.js';
import { microFilters } from './melFilters.js';
import type { Stage, Stages } from './stage.js';

const windowBits = 12;
const filterBits = 12;
const smoothingBits = 10;
/** Bits behind the point of what pcan multiplies out. */
const ratioBits = 12;
const logScale = 64;
/** Features of a unit of what the model was trained on, and how many of them are a step of 256ths. */
const [featuresPerUnit, featureSteps] = [25.6, 256];

const f = Math.fround;

/** Sampled between its points, in float32: microfrontend's WindowPopulateState. */
const hannWindow = (length: number): Int16Array =>
  Int16Array.from({ length }, (_, i) =>
    Math.floor(f(f(0.5 - f(0.5 * f(Math.cos(f(f((2 * Math.PI) / length) * f(i + 0.5)))))) * 2 ** windowBits + 0.5)),
  );

const share = (real: number): number => Math.floor(real * 2 ** 14);

export function microSpeechStages(spec: FrontendSpec, quant: Quant): Stages | undefined {
  const size = fftSize(spec.window);
  const filters = microFilters(spec, size);
  if (!filters) return undefined;
  const { starts, widths, weights, from, to } = filters;
  const correctionBits = Math.log2(size) - filterBits / 2;
  const stages: Stage[] = [
    {
      op: 'audioFrames',
      name: 'frames',
      attrs: { hop: spec.hop, size, bits: 16, shift: windowBits },
      constants: [{ name: 'window', dtype: 'int16', data: hannWindow(spec.window), shape: [spec.window] }],
      outputs: 1,
      dtype: 'int16',
    },
    { op: 'rfft', name: 'fft', attrs: {}, constants: [], outputs: 1, dtype: 'int16' },
    { op: 'spectrum', name: 'power', attrs: { from, to }, constants: [], outputs: 1, dtype: 'int32' },
    {
      op: 'filterBank',
      name: 'mel',
      attrs: { starts, widths, root: true, shift: 0 },
      constants: [{ name: 'weights', dtype: 'int16', data: weights, shape: [weights.length] }],
      outputs: 1,
      dtype: 'int32',
    },
    {
      op: 'noiseReduction',
      name: 'noise',
      attrs: { evenSmoothing: share(0.025), oddSmoothing: share(0.06), smoothingBits, least: share(0.05) },
      constants: [],
      outputs: 3,
      dtype: 'int32',
    },
    {
      op: 'pcan',
      name: 'gain',
      attrs: { shift: gainBits - correctionBits - ratioBits },
      constants: [
        { name: 'curve', dtype: 'int16', data: gainCurve(smoothingBits - correctionBits), shape: [curveLength] },
      ],
      reads: 2,
      outputs: 1,
      dtype: 'int32',
    },
    {
      op: 'logScale',
      name: 'log',
      attrs: {
        correctionBits,
        scale: logScale,
        divisor: Math.round(featuresPerUnit * featureSteps * quant.scales[0]),
        zero: quant.zeroPoints[0],
      },
      constants: [],
      outputs: 1,
      dtype: 'int8',
      quant,
    },
  ];
  return { stages, features: spec.mels };
}
