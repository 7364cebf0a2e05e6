// SPDX-License-Identifier: Apache-2.0
// Energy windows of each layer alone: how many times, and what must lie in the arena before.
import type { Device } from '../device/device.js';
import type { PackManifest } from '../generated/pack.js';
import type { LayerWindows } from './energyRun.js';
import { type ProfiledDevice, writeSample } from './profileDevice.js';

/** An end is off by a sample at most: a thousandth of the window. */
const leastSamples = 1000;
const leastSeconds = 0.01;

/** Layers that took counts; each long enough for a meter of this rate. */
export function layerWindows(
  device: Device,
  manifest: PackManifest,
  sample: readonly Uint8Array[],
  { layers }: ProfiledDevice,
  rateHz: number,
): LayerWindows[] {
  const wantedS = Math.max(leastSeconds, leastSamples / rateHz);
  return manifest.layers.flatMap(({ index }): LayerWindows[] => {
    const count = layers[index]?.median ?? 0;
    if (count <= 0) return [];
    const repeats = Math.max(1, Math.ceil((wantedS * device.info.clockHz) / count));
    return [{ layer: index, repeats, prepare: () => runBefore(device, manifest, sample, index) }];
  });
}

/** The layers before it, from a fresh input. */
async function runBefore(
  device: Device,
  manifest: PackManifest,
  sample: readonly Uint8Array[],
  layer: number,
): Promise<void> {
  await writeSample(device, manifest, sample);
  for (const { index } of manifest.layers.slice(0, layer)) await device.step(index);
}
