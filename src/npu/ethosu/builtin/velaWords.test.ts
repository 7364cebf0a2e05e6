// SPDX-License-Identifier: Apache-2.0
// Registers as Vela writes them: for each layer of the streams in ../shared/npu/ethos, with the block that Vela chose, mote
// sets every register to Vela's value, save what testing/freedoms.ts lists. (Streams that Vela makes today: test/npu.)
import { expect, it } from 'vitest';
import { headOf, referenceModel } from '../../../../test/support/ethosModels.js';
import { describeShared, sharedFile } from '../../../../test/support/shared.js';
import { freedoms, unexplained } from './testing/freedoms.js';
import { compareWithVela, fileOperations } from './testing/velaOperations.js';

/** `rewritten`: Vela 3 made of person_detect's first convolution one of stride 1 over pairs of columns. */
const streams = [
  { model: 'micro_speech', part: 'ethos-u55-32', operations: 2, rewritten: [] },
  { model: 'micro_speech', part: 'ethos-u55-64', operations: 2, rewritten: [] },
  { model: 'micro_speech', part: 'ethos-u55-256', operations: 2, rewritten: [] },
  { model: 'person_detect', part: 'ethos-u55-64', operations: 44, rewritten: [0] },
];

describeShared('registers beside those of Vela', () => {
  it.each(streams)('$model on $part', ({ model, part, operations, rewritten }) => {
    const head = headOf(referenceModel(model).graph);
    const found = compareWithVela(head, fileOperations(sharedFile(`npu/ethos/${model}_${part}.tflite`)), part);
    expect({ ...found, differences: unexplained(found.differences) }).toEqual({
      operations,
      rewritten,
      differences: [],
    });
  });

  it('differ where a zero point is off, or the block is of another part', () => {
    const head = headOf(referenceModel('micro_speech').graph);
    const tensors = head.tensors.map((t, i) =>
      i === head.outputs[0] && t.quant ? { ...t, quant: { ...t.quant, zeroPoints: Int32Array.of(13) } } : t,
    );
    const file = fileOperations(sharedFile('npu/ethos/micro_speech_ethos-u55-64.tflite'));
    const off = unexplained(compareWithVela({ ...head, tensors }, file, 'ethos-u55-64').differences);
    expect(off).toMatchObject([{ layer: 1, register: 'OFM_ZERO_POINT', ours: 13, velas: 14 }]);
    // Blocks of the smaller part are none of the larger one.
    expect(compareWithVela(head, file, 'ethos-u55-256').rewritten.length).toBeGreaterThan(0);
  });

  it('have a reason for each freedom', () => {
    for (const { why } of freedoms) expect(why.length).toBeGreaterThan(20);
  });
});
