// SPDX-License-Identifier: Apache-2.0
// MFCC as TensorFlow computes them from magnitudes (tf.signal.stft, linear_to_mel_weight_matrix, mfccs_from_log_mel_spectrograms;
// its audio_spectrogram and mfcc operators give the same), in integers of 32 bits.
import type { Quant } from '../model/graph.js';
import { type FrontendSpec, fftSize } from './frontendSpec.js';
import { melFilters } from './melFilters.js';
import type { Stage, Stages } from './stage.js';

const q15 = 15;
/** log2 of what an int32 FFT may sum up to, of samples of 15 bits. */
const sumBits = 30;
const logUnit = 2 ** 16;
/** The raised cosine a - (1 - a) cos. */
const cosineOffset = { hann: 0.5, hamming: 0.54 } as const;

/** Periodic, as TensorFlow's. */
const windowWeights = ({ window, shape }: FrontendSpec): Int16Array =>
  Int16Array.from({ length: window }, (_, i) => {
    const a = cosineOffset[shape];
    const weight = a - (1 - a) * Math.cos((2 * Math.PI * i) / window);
    return Math.min(2 ** q15 - 1, Math.round(weight * 2 ** q15));
  });

/** Rows of the DCT-II, each sqrt(2 / mels) long, in as many bits as int16 holds. */
function cosines({ mels, coefficients }: FrontendSpec): { weights: Int16Array; bits: number } {
  const unit = Math.sqrt(2 / mels);
  const bits = Math.floor(Math.log2(32_767 / unit));
  const weights = Int16Array.from({ length: coefficients * mels }, (_, i) => {
    const [row, channel] = [Math.floor(i / mels), i % mels];
    return Math.round(unit * Math.cos((Math.PI / mels) * row * (channel + 0.5)) * 2 ** bits);
  });
  return { weights, bits };
}

export function mfccStages(spec: FrontendSpec, quant: Quant): Stages {
  const size = fftSize(spec.window);
  const fractionBits = sumBits - q15 - Math.log2(size);
  const filters = melFilters(spec, size);
  const { starts, widths, weights, from, to } = filters;
  const peak = spec.peak * 2 ** fractionBits;
  const matrix = cosines(spec);
  const stages: Stage[] = [
    {
      op: 'audioFrames',
      name: 'frames',
      attrs: { hop: spec.hop, size, bits: 32, shift: q15 - fractionBits },
      constants: [{ name: 'window', dtype: 'int16', data: windowWeights(spec), shape: [spec.window] }],
      outputs: 1,
      dtype: 'int32',
    },
    { op: 'rfft', name: 'fft', attrs: {}, constants: [], outputs: 1, dtype: 'int32' },
    { op: 'spectrum', name: 'magnitude', attrs: { from, to }, constants: [], outputs: 1, dtype: 'int32' },
    {
      op: 'filterBank',
      name: 'mel',
      attrs: { starts, widths, root: false, shift: q15 },
      constants: [{ name: 'weights', dtype: 'int16', data: weights, shape: [weights.length] }],
      outputs: 1,
      dtype: 'int32',
    },
    {
      op: 'logScale',
      name: 'log',
      attrs: { offset: Math.max(1, Math.round(spec.floor * peak * 16)), bias: Math.round(Math.log(peak) * logUnit) },
      constants: [],
      outputs: 1,
      dtype: 'int32',
    },
    {
      op: 'dct',
      name: 'dct',
      attrs: { bits: matrix.bits },
      constants: [{ name: 'weights', dtype: 'int16', data: matrix.weights, shape: [spec.coefficients, spec.mels] }],
      outputs: 1,
      dtype: 'int8',
      quant,
    },
  ];
  return { stages, features: spec.coefficients };
}
