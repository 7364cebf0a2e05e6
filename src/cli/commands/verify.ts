// SPDX-License-Identifier: Apache-2.0
import { runHost } from '../../device/hostSamples.js';
import { HostModel } from '../../device/wasm.js';
import type { PackManifest } from '../../generated/pack.js';
import type { TensorData } from '../../model/graph.js';
import { resetStates } from '../../model/state.js';
import { evaluateGraph } from '../../ops/evaluateGraph.js';
import { buildHost, buildOwn, loadVectors, openPack, referenceGraph } from '../../packFolder.js';
import { grouped } from '../../report/table.js';
import { type CommandSpec, text } from '../command.js';
import { fail, MoteError } from '../errors.js';
import { inputScaleOption, outOption, readSamples, resetOption, stateNote, writeOutputs } from '../sampleInput.js';

export interface Difference {
  sample: number;
  output: string;
  element: number;
  expected: number;
  got: number;
}

/** First element that differs between two sets of outputs, bit by bit. */
export function firstDifference(
  manifest: PackManifest,
  sample: number,
  expected: TensorData[],
  got: TensorData[],
): Difference | undefined {
  for (const [i, port] of manifest.outputs.entries()) {
    for (let k = 0; k < expected[i].length; k++) {
      if (!Object.is(expected[i][k], got[i][k])) {
        return { sample, output: port.name, element: k, expected: Number(expected[i][k]), got: Number(got[i][k]) };
      }
    }
  }
  return undefined;
}

export const verify: CommandSpec = {
  name: 'verify',
  summary: 'run the packed C as WebAssembly on this machine and compare with what it must equal, bit by bit',
  arguments: [{ name: 'dir', text: 'folder that mote pack wrote' }],
  options: [
    { flags: '--data <x.npy>', text: 'inputs beside the test vectors of the pack, also .wav for a front end' },
    { ...inputScaleOption, needs: 'data' },
    { ...resetOption, needs: 'data' },
    { ...outOption, needs: 'data' },
  ],
  async run([dir], options, out) {
    const folder = await openPack(dir);
    const { wasm, manifest } = await buildHost(folder);
    const host = await HostModel.open(wasm, manifest);
    const vectors = await loadVectors(folder);
    const differences: Difference[] = [];
    let equal = 0;
    const judge = (sample: number, expected: TensorData[], got: TensorData[]): void => {
      const difference = firstDifference(manifest, sample, expected, got);
      if (difference) differences.push(difference);
      else equal++;
    };
    vectors.inputs.forEach((inputs, k) => void judge(k, vectors.outputs[k], runHost(host, manifest, inputs)));
    const own = await buildOwn(folder);
    if (own) {
      const model = await HostModel.open(own.wasm, own.manifest);
      vectors.inputs.forEach((inputs, k) => {
        const difference = firstDifference(own.manifest, k, vectors.outputs[k], runHost(model, own.manifest, inputs));
        if (difference) differences.push(difference);
      });
      if (!model.guardIntact()) fail('device.guard', { board: 'the host module' });
    }

    const data = text(options, 'data');
    const lines: string[] = [];
    let compared = vectors.inputs.length;
    if (data !== undefined) {
      const { data: samples, how } = await readSamples(manifest, data, text(options, 'inputScale'));
      const reference = await referenceGraph(folder);
      const resetEach = options.reset === true;
      host.reset();
      const outputs = samples.map((s) => {
        if (resetEach) host.reset();
        return runHost(host, manifest, [s]);
      });
      await writeOutputs(manifest, outputs, text(options, 'out'));
      lines.push(`data    ${samples.length} samples: ${how}`, ...stateNote(manifest, resetEach));
      if (reference) {
        out.step(`comparing ${samples.length} samples with the reference arithmetic`);
        const state = resetStates(reference);
        samples.forEach((s, k) => {
          const carried = resetEach ? {} : { state };
          judge(k, evaluateGraph(reference, [s], { rounding: manifest.rounding, ...carried }), outputs[k]);
        });
        compared += samples.length;
      } else lines.push('        quantized by mote: only the test vectors have a reference');
    }
    if (!host.guardIntact()) fail('device.guard', { board: 'the host module' });
    const first = differences[0];
    return {
      data: {
        name: manifest.name,
        hash: manifest.hash,
        rounding: manifest.rounding,
        compared,
        equal,
        firstDifference: first ?? null,
      },
      lines: [
        `pack    ${manifest.name}   ${manifest.arithmetic}   rounding ${manifest.rounding}`,
        ...lines,
        `equal   ${grouped(equal)} of ${grouped(compared)} samples, bit by bit (${manifest.vectors.count} test vectors${compared > manifest.vectors.count ? ' and the data' : ''})`,
      ],
      error:
        first &&
        new MoteError('verify.differ', {
          what: `sample ${first.sample}: output '${first.output}' element ${first.element} is ${first.got}, must be ${first.expected}`,
        }),
    };
  },
};
