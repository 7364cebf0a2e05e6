// SPDX-License-Identifier: Apache-2.0
// What an emulated instrument looks at: a current over time with exactly known energy, and a marker pin.

/** A stretch of constant current; `low` pulls the marker pin down. */
export interface Segment {
  samples: number;
  amps: number;
  low?: boolean;
}

export interface SceneSample {
  amps: number;
  /** Level of the marker pin: it idles high. */
  high: boolean;
}

/** Something that has a current at every sample instant from the start of the recording on. */
export interface Scene {
  /** Samples that exist by now; an emulated chip's scene grows as the chip works. */
  count(): number;
  at(sample: number): SceneSample;
  /** The recording starts now. */
  begin?(): void;
}

/** The scene made of `segments`, walked forward in constant time a sample. */
export function segmentScene(segments: Segment[]): Scene {
  const ends: number[] = [];
  for (const s of segments) ends.push((ends.at(-1) ?? 0) + s.samples);
  let now = 0;
  return {
    count: () => ends.at(-1) ?? 0,
    at: (sample) => {
      if (now > 0 && sample < ends[now - 1]) now = 0;
      while (sample >= ends[now]) now++;
      return { amps: segments[now].amps, high: !segments[now].low };
    },
  };
}

/** Ampere-seconds of the true current in samples [from, to), lost or not. */
export function trueCharge(scene: Scene, from: number, to: number, rateHz: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += scene.at(i).amps;
  return sum / rateHz;
}

/** Samples at which the marker pin falls. */
export function fallingEdges(scene: Scene): number[] {
  const edges: number[] = [];
  for (let i = 1; i < scene.count(); i++) if (scene.at(i - 1).high && !scene.at(i).high) edges.push(i);
  return edges;
}

/** Uniform in [0, 1) from a multiplicative congruential generator (Park and Miller 1988): the instruments' noise. */
export function noise(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}
