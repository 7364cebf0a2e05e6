// SPDX-License-Identifier: Apache-2.0
// Float against packed, for a pack that carries the float model it was made from.
import type { WeightHistograms } from './compress/weightHistograms.js';
import type { Evaluator } from './evaluator.js';
import type { NpyArray } from './model/npy.js';
import { floatPort, type Samples, samplesFor } from './model/samples.js';
import { floatGraph, type PackFolder, readHistograms } from './packFolder.js';
import type { Trust } from './trust.js';
import { observePack, trustOf } from './trustRunners.js';

/** What every page with float against packed shows. */
export interface PackTrust {
  trust: Trust;
  histograms: WeightHistograms;
}

export interface PackTrustRequest {
  folder: PackFolder;
  evaluator: Evaluator;
  /** The file's numbers, and the same as the packed model takes them. */
  array: NpyArray;
  path: string;
  samples: Samples;
  labels?: readonly number[];
}

/** undefined where the pack has no float model. */
export async function packTrust(request: PackTrustRequest): Promise<PackTrust | undefined> {
  const { folder, evaluator, array, path, samples, labels } = request;
  const float = await floatGraph(folder);
  if (!float) return undefined;
  const { inputs, model } = folder.manifest;
  const trust = await trustOf({
    float,
    floatInputs: samplesFor(array, floatPort(inputs[0]), samples.real, path).data,
    packed: observePack(evaluator, samples.data),
    ...(labels ? { labels } : {}),
    classes: evaluator.manifest.outputs[0].shape.reduce((a, b) => a * b, 1),
    equalized: (model.equalized ?? 'none') !== 'none',
  });
  return { trust, histograms: await readHistograms(folder) };
}
