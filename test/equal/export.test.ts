// SPDX-License-Identifier: Apache-2.0
// mote export --to tflite, judged by a stranger: TensorFlow Lite from npm gives the same outputs for the file that mote
// wrote as for the file that it read, and mote reads the same graph again.
import { expect, it } from 'vitest';
import { elementCount, type Graph } from '../../src/model/graph.js';
import { writeTfliteGraph } from '../../src/model/tflite/writeGraph.js';
import { importModel } from '../../src/packModel.js';
import { openTflite } from '../oracle/tfjsTflite.js';
import { goldenInputs } from '../support/generator.js';
import { describeShared, int8Models, sharedFile } from '../support/shared.js';

const nodesOf = (graph: Graph): object =>
  graph.nodes.map(({ op, attrs, inputs, outputs }) => ({
    op,
    attrs,
    tensors: [...inputs, ...outputs].map((id) => {
      const { dtype, shape, quant, data } = graph.tensors[id];
      return { dtype, shape, quant, data };
    }),
  }));

describeShared('mote export --to tflite', () => {
  it.each(int8Models)('$name is read again as it was', ({ file }) => {
    const graph = importModel(sharedFile(file), file);
    expect(nodesOf(importModel(writeTfliteGraph(graph), file))).toEqual(nodesOf(graph));
  });

  // person_detect: TensorFlow Lite refuses the file that is shared; it takes the one that mote writes.
  it.each(int8Models.filter((m) => m.name !== 'person_detect'))(
    '$name gives the same in TensorFlow Lite',
    async ({ file }) => {
      const graph = importModel(sharedFile(file), file);
      const [written, original] = [await openTflite(writeTfliteGraph(graph)), await openTflite(sharedFile(file))];
      const inputs = goldenInputs(elementCount(graph.tensors[graph.inputs[0]].shape)).slice(0, 20);
      const bytes = (x: Int8Array): Uint8Array => new Uint8Array(x.buffer, x.byteOffset, x.length);
      for (const input of inputs) expect(written.run(bytes(input))).toEqual(original.run(bytes(input)));
      expect(new Set(inputs.map((x) => Buffer.from(original.run(bytes(x))).toString('hex'))).size).toBeGreaterThan(1);
      written.close();
      original.close();
    },
  );
});
