// SPDX-License-Identifier: Apache-2.0
// Silicon's word: what two real boards logged for 500 keywords, one engine with double and one with single rounding.
import { afterAll, expect, it } from 'vitest';
import { runHost } from '../../src/device/hostSamples.js';
import { readNpy } from '../../src/model/npy.js';
import { hostOf, PackRoom } from '../support/packs.js';
import { describeShared, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const npy = (path: string) => readNpy(sharedFile(path), path);
const classes = 12;

describeShared('KWS equals the boards that were logged', () => {
  it.each([
    { rounding: 'tflite' as const, log: 'data/kws/double_rounding_board.npy', atLeast: 500 },
    { rounding: 'single' as const, log: 'data/kws/single_rounding_board.npy', atLeast: 499 },
  ])('$rounding rounding on at least $atLeast of 500', async ({ rounding, log, atLeast }) => {
    const pack = await room.pack('models/mlperf-tiny/kws_ref_model.tflite', {
      target: 'wasm32',
      rounding,
      name: 'kws',
    });
    const host = await hostOf(pack);
    const inputs = npy('data/kws/test_x.npy').data as Int8Array;
    const board = npy(log).data as Float32Array;
    const elements = pack.manifest.inputs[0].bytes;
    let equal = 0;
    for (let k = 0; k < 500; k++) {
      const [output] = runHost(host, pack.manifest, [inputs.slice(k * elements, (k + 1) * elements)]);
      // The output is (q + 128) / 256; both boards print it to three decimals, one rounding, one truncating. Scaled back
      // to 1/256 steps both are nearest to the same integer.
      equal += [...(output as Int8Array)].every((q, c) => q + 128 === Math.round(board[k * classes + c] * 256)) ? 1 : 0;
    }
    expect(equal).toBeGreaterThanOrEqual(atLeast);
  });
});
