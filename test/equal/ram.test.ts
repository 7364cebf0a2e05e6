// SPDX-License-Identifier: Apache-2.0
// Packs for a small arena: streamed layers equal the operators' TypeScript twins on the host, layer by layer, and the host
// on emulated boards.
import { afterAll, describe, expect, it } from 'vitest';
import { loadBoard } from '../../src/build/boards.js';
import { startHost } from '../../src/device/wasm.js';
import type { PackManifest } from '../../src/generated/pack.js';
import type { TensorData } from '../../src/model/graph.js';
import { bytesOf } from '../../src/model/tensorData.js';
import { evaluateGraph } from '../../src/ops/evaluateGraph.js';
import { buildHost } from '../../src/packFolder.js';
import { importModel } from '../../src/packModel.js';
import { expectEqualOnBoard, isPresent } from '../support/equalOnBoard.js';
import { goldenInputs } from '../support/generator.js';
import { PackRoom } from '../support/packs.js';
import { describeShared, hasShared, int8Models, sharedFile } from '../support/shared.js';

const room = new PackRoom();
afterAll(() => room.close());

const streamed = (manifest: PackManifest) => manifest.layers.filter((l) => l.streamed);

/** Models with images; the others have nothing to stream. */
const images = int8Models.filter((m) => ['kws', 'vww', 'ic', 'sww', 'person_detect'].includes(m.name));

describeShared('streamed layers equal the twins', () => {
  it.each(int8Models.flatMap((m) => (['tflite', 'single'] as const).map((rounding) => ({ ...m, rounding }))))(
    '$name, $rounding rounding, every layer output of two inputs',
    async ({ name, file, rounding }) => {
      const pack = await room.pack(file, { target: 'cortex-m4', prefer: 'ram', name, rounding });
      const { wasm, manifest } = await buildHost(pack);
      expect(manifest.layers.map((l) => l.name)).toEqual(pack.manifest.layers.map((l) => l.name));
      const host = await startHost(wasm, manifest);
      const graph = importModel(sharedFile(file), file);
      const idOf = new Map(graph.tensors.map((t, id) => [t.name, id]));
      for (const input of goldenInputs(manifest.inputs[0].bytes).slice(0, 2)) {
        const twins = new Map<number, TensorData>();
        evaluateGraph(graph, [input], { rounding, visit: (id, data) => twins.set(id, data) });
        await host.write(manifest.inputs[0].offset, bytesOf(input));
        for (const { index, outputs } of manifest.layers) {
          const { result, guardIntact } = await host.step(index);
          expect([result, guardIntact]).toEqual([0, true]);
          for (const port of outputs) {
            const expected = bytesOf(twins.get(idOf.get(port.name) as number) as TensorData);
            const got = await host.read(port.offset, port.bytes);
            expect(Buffer.compare(got, expected), `layer ${index}: ${port.name}`).toBe(0);
          }
        }
      }
    },
  );
});

for (const id of ['pico', 'virtual-m4', 'virtual-m55', 'virtual-rv32', 'virtual-rv32v']) {
  const board = loadBoard(id);
  describe.skipIf(!hasShared || !(isPresent(board) || process.env.CI))(
    `${id} equals the host with a small arena`,
    () => {
      it.each(images)('$name', async ({ name, file }) => {
        const pack = await room.pack(file, { target: board.target, prefer: 'ram', name });
        if (['kws', 'ic', 'vww', 'person_detect'].includes(name)) expect(streamed(pack.manifest)).not.toEqual([]);
        await expectEqualOnBoard(room, board, pack);
      });
    },
  );
}
