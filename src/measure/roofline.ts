// SPDX-License-Identifier: Apache-2.0
// What bounds a layer: its arithmetic or its memory traffic. The roof (Williams, Waterman, Patterson 2009) is taken from
// the run itself: the most MACs and the most bytes a count that any of its layers reached.
import type { PackManifest } from '../generated/pack.js';

export interface LayerLoad {
  macs: number;
  /** Bytes that must move at least once: inputs, outputs, weights and constants. */
  bytes: number;
  count: number;
}

export type Bound = 'compute' | 'memory' | 'none';

export function layerBytes(layer: PackManifest['layers'][number]): number {
  const ports = [...layer.inputs, ...layer.outputs].reduce((sum, p) => sum + p.bytes, 0);
  return ports + layer.weightBytes;
}

export interface Roof {
  macsPerCount: number;
  bytesPerCount: number;
}

export function roofOf(layers: readonly LayerLoad[]): Roof {
  const most = (rate: (l: LayerLoad) => number) => Math.max(0, ...layers.filter((l) => l.count > 0).map(rate));
  return { macsPerCount: most((l) => l.macs / l.count), bytesPerCount: most((l) => l.bytes / l.count) };
}

/** Which of the two roofs is nearer; `none` for a layer without work. */
export function boundOf({ macs, bytes, count }: LayerLoad, roof: Roof): Bound {
  if (count <= 0 || (macs === 0 && bytes === 0)) return 'none';
  const compute = roof.macsPerCount > 0 ? macs / roof.macsPerCount : 0;
  const memory = roof.bytesPerCount > 0 ? bytes / roof.bytesPerCount : 0;
  return compute >= memory ? 'compute' : 'memory';
}
