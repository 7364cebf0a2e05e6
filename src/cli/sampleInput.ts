// SPDX-License-Identifier: Apache-2.0
// --data X.npy for a packed model, and --out Y.npy from it.
import type { PackManifest } from '../generated/pack.js';
import { type DType, elementCount, type TensorData } from '../model/graph.js';
import { readNpy, writeNpy } from '../model/npy.js';
import { sampleShape } from '../model/sampleShape.js';
import { parseInputScale, type Samples, samplesFor } from '../model/samples.js';
import { concatData } from '../model/tensorData.js';
import { isWav, readWav, type Sound } from '../model/wav.js';
import { fail } from './errors.js';
import { readInput, writeOutput } from './files.js';

export const inputScaleOption = {
  flags: '--input-scale <how>',
  text: 'numbers in --data: auto, raw or SCALE,ZERO (real = SCALE * (x - ZERO))',
};
export const outOption = { flags: '--out <y.npy>', text: 'write the outputs' };

export const resetOption = {
  flags: '--reset',
  text: 'clear the state of the model before every input, not only before the first',
};

/** What a user of a model with state has to know about the samples. */
export const stateNote = ({ states }: PackManifest, resetEach: boolean): string[] =>
  states ? [`state   ${resetEach ? 'cleared before every input' : 'goes on from one input to the next'}`] : [];

/** Samples for the one input of the pack. */
export async function readSamples(
  manifest: PackManifest,
  path: string,
  inputScale: string | undefined,
): Promise<Samples> {
  if (manifest.inputs.length !== 1)
    fail('data.broken', {
      path,
      reason: `${manifest.name} has ${manifest.inputs.length} inputs, one .npy feeds only one`,
    });
  const mode = parseInputScale(inputScale ?? 'auto');
  const bytes = await readInput(path);
  if (isWav(bytes)) return soundSamples(manifest, readWav(bytes, path), path);
  return samplesFor(readNpy(bytes, path), manifest.inputs[0], mode, path);
}

/** A sound as inputs one after the other; what does not fill the last is left out. */
function soundSamples({ frontend, inputs, name }: PackManifest, { rate, samples }: Sound, path: string): Samples {
  if (!frontend)
    return fail('data.broken', { path, reason: `${name} takes no sound: it was packed without --frontend` });
  if (rate !== frontend.rate)
    fail('data.broken', { path, reason: `it has ${rate} samples a second, the model takes ${frontend.rate}` });
  const each = elementCount(inputs[0].shape);
  const count = Math.floor(samples.length / each);
  if (count === 0)
    fail('data.broken', { path, reason: `its ${samples.length} samples are less than an input of ${each}` });
  const shape = [count, ...sampleShape(inputs[0].shape)];
  return samplesFor({ dtype: 'int16', shape, data: samples.slice(0, count * each) }, inputs[0], 'raw', path);
}

/** Writes output 0 of every sample, [N, …], in the model's own type. */
export async function writeOutputs(
  manifest: PackManifest,
  outputs: readonly TensorData[][],
  path: string | undefined,
): Promise<void> {
  if (path === undefined) return;
  const port = manifest.outputs[0];
  const dtype = port.dtype as DType;
  await writeOutput(
    path,
    writeNpy(
      dtype,
      [outputs.length, ...sampleShape(port.shape)],
      concatData(
        dtype,
        outputs.map((o) => o[0]),
      ),
    ),
  );
}
