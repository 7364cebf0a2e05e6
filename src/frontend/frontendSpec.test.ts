// SPDX-License-Identifier: Apache-2.0
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { frontendText, parseFrontend } from './frontendSpec.js';

describe('parseFrontend', () => {
  it('has defaults for every key', () => {
    expect(parseFrontend('micro_speech')).toMatchObject({
      rate: 16_000,
      window: 480,
      hop: 320,
      lowHz: 125,
      highHz: 7500,
    });
    expect(parseFrontend('mfcc')).toMatchObject({ mels: 40, coefficients: 10, lowHz: 20, highHz: 4000, shape: 'hann' });
  });

  it('takes times by the rate, wherever that stands', () => {
    expect(parseFrontend('mfcc:window=32ms,rate=8000,clip=0.5s,high=3800')).toMatchObject({ window: 256, clip: 4000 });
  });

  it('is written back with every key, and read again as the same', () => {
    const spec = parseFrontend('mfcc:coefficients=13,shape=hamming,floor=1e-9,clip=1s');
    expect(frontendText(spec)).toBe(
      'mfcc:rate=16000,window=30ms,hop=20ms,mels=40,coefficients=13,low=20,high=4000,shape=hamming,peak=32768,floor=1e-9,clip=1000ms',
    );
    expect(parseFrontend(frontendText(spec))).toEqual(spec);
  });

  it.each([
    ['fft', 'micro_speech or mfcc'],
    ['mfcc:a:b', 'micro_speech or mfcc'],
    ['mfcc:gain=2', 'with keys rate, window'],
    ['micro_speech:coefficients=10', 'with keys rate, window'],
    ['mfcc:mels', 'key=value'],
    ['mfcc:mels=40,mels=41', 'each key once'],
    ['mfcc:mels=0', 'from 1 to 256 for mels'],
    ['mfcc:floor=1', 'from 1e-12 to 0.5 for floor'],
    ['mfcc:window=30', 'a time as 30ms'],
    ['mfcc:window=30.03ms', 'whole samples'],
    ['mfcc:high=8001', 'at most half the rate'],
    ['mfcc:low=4000', 'a low below high'],
    ['mfcc:hop=40ms', 'a hop no longer than the window'],
    ['mfcc:window=1s', '64 to 4096 samples'],
    ['mfcc:coefficients=41', 'at most as many coefficients as mels'],
  ])('refuses %s', (text, reason) => {
    expect(() => parseFrontend(text)).toThrow(reason);
  });

  it('ends with a front end or one sentence for any text', () => {
    const word = fc.constantFrom(
      'mfcc',
      'micro_speech',
      ':',
      ',',
      '=',
      'rate',
      'hop',
      'mels',
      '20ms',
      '1e9',
      '-1',
      'é',
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 9 }), (words) => {
        try {
          return parseFrontend(words.join('')).window > 0;
        } catch (error) {
          return error instanceof MoteError;
        }
      }),
    );
  });
});
