// SPDX-License-Identifier: Apache-2.0
// Rounding a layer along the trellis (code/trellis.ts) in the order in which its weights will be stored, on many paths at
// once, each in its own state. The paths share all decisions further back than a window. What errors cost, and what they ask
// of weights to come, is the feedback's (trellisFeedback.ts).
import { levelOf, multipleOf, nextStates, quantizerOf } from '../code/trellis.js';

/** On layers of ResNet-8 32 are worth 0.07 dB over 16 (bench/compression.md). */
const mostPaths = 32;

/** Paths of sixteen have one ancestor long before: what is decided is no longer kept by path. */
const windowSteps = 64;

const largestMultiple = 126;
const mostLevel = 127;

/** Bits of a quantizer's level, in one table for both. */
export const levelTable = 2 * (2 * mostLevel + 1);
export const levelPlace = (quantizer: number, level: number): number =>
  quantizer * (2 * mostLevel + 1) + level + mostLevel;

/** What a place is wanted to become, on each path. */
export interface Wanted {
  /** Cost is weight * (aim - value)^2 + offset. */
  weight: number;
  readonly aims: Float64Array;
  readonly offsets: Float64Array;
  /** What else the value's distance is kept of. */
  readonly others: Float64Array;
  /** A multiple that is tried whatever is wanted. */
  known: number;
}

/** What paths have decided by themselves: the errors of step t at t modulo the size. */
export interface Window {
  first: number;
  now: number;
  readonly size: number;
  readonly places: Int32Array;
  paths: readonly { readonly aimErrors: Float64Array; readonly otherErrors: Float64Array }[];
}

export interface Feedback {
  want(place: number, window: Window, wanted: Wanted): void;
  /** What all paths share from now on. */
  decided(place: number, aimError: number, otherError: number): void;
}

export interface WalkRequest {
  /** Steps of places: what a multiple of 1 is worth. */
  scaleAt(place: number): number;
  /** What a bit costs, in squared errors. */
  lambda: number;
  bits: Float64Array;
  /** Of places as they are stored; -1 where a zero is. Every path begins in state 0. */
  sequences: readonly Int32Array[];
  /** Gets the multiples. */
  values: Int8Array;
}

/** All that one path has of its own. */
interface Path {
  cost: number;
  state: number;
  aimErrors: Float64Array;
  otherErrors: Float64Array;
  values: Int8Array;
}

const freshPath = (): Path => ({
  cost: 0,
  state: 0,
  aimErrors: new Float64Array(windowSteps),
  otherErrors: new Float64Array(windowSteps),
  values: new Int8Array(windowSteps),
});

function copyPath(to: Path, from: Path): void {
  to.aimErrors.set(from.aimErrors);
  to.otherErrors.set(from.otherErrors);
  to.values.set(from.values);
}

/** A step on: from which path, to which value and state. */
interface Step {
  cost: number;
  from: number;
  value: number;
  state: number;
}

/** The cheapest steps on, by rising cost. */
class Steps {
  count = 0;
  readonly list: Step[] = Array.from({ length: mostPaths }, () => ({ cost: 0, from: 0, value: 0, state: 0 }));

  offer(cost: number, from: number, value: number, state: number): void {
    const { list } = this;
    if (this.count === mostPaths && !(cost < list[mostPaths - 1].cost)) return;
    if (this.count < mostPaths) this.count++;
    let p = this.count - 1;
    const last = list[p];
    for (; p > 0 && list[p - 1].cost > cost; p--) list[p] = list[p - 1];
    list[p] = last;
    last.cost = cost;
    last.from = from;
    last.value = value;
    last.state = state;
  }
}

class Walk {
  readonly #request: WalkRequest;
  readonly #feedback: Feedback;
  #paths: Path[] = [];
  #spare: Path[] = [];
  readonly #steps = new Steps();
  readonly #window: Window = {
    first: 0,
    now: 0,
    size: windowSteps,
    places: new Int32Array(windowSteps),
    paths: [],
  };
  readonly #wanted: Wanted = {
    weight: 1,
    aims: new Float64Array(mostPaths),
    offsets: new Float64Array(mostPaths),
    others: new Float64Array(mostPaths),
    known: 0,
  };

  constructor(request: WalkRequest, feedback: Feedback) {
    this.#request = request;
    this.#feedback = feedback;
  }

  /** What the way through the sequence costs. */
  follow(sequence: Int32Array): number {
    this.#spare.push(...this.#paths);
    this.#paths = [this.#takeSpare()];
    this.#paths[0].cost = 0;
    this.#paths[0].state = 0;
    for (const place of sequence) {
      if (place < 0) this.#skip();
      else this.#step(place);
    }
    const [{ cost }] = this.#paths;
    while (this.#window.first < this.#window.now) this.#decide();
    return cost;
  }

  #takeSpare(): Path {
    return this.#spare.pop() ?? freshPath();
  }

  /** A zero of the layout: all paths go on with it. */
  #skip(): void {
    const { bits, lambda } = this.#request;
    for (const path of this.#paths) {
      path.cost += lambda * bits[levelPlace(quantizerOf(path.state), 0)];
      path.state = nextStates[path.state][0];
    }
    this.#paths.sort((a, b) => a.cost - b.cost);
  }

  #step(place: number): void {
    const window = this.#window;
    if (window.now - window.first === windowSteps) this.#decide();
    window.paths = this.#paths;
    this.#wanted.offsets.fill(0);
    this.#feedback.want(place, window, this.#wanted);
    const scale = this.#request.scaleAt(place);
    this.#steps.count = 0;
    for (let p = 0; p < this.#paths.length; p++) this.#offer(p, scale);
    this.#goOn(place, scale);
  }

  /** The multiples of the path's quantizer around what is wanted, one more towards zero, and zero. */
  #offer(p: number, scale: number): void {
    const { bits, lambda } = this.#request;
    const { weight, aims, offsets, known } = this.#wanted;
    const { cost, state } = this.#paths[p];
    const x = aims[p] / scale;
    const quantizer = quantizerOf(state);
    const even = 2 * Math.floor((x - quantizer) / 2);
    const low = Math.max(-largestMultiple, Math.min(largestMultiple - 2, even)) + quantizer;
    const visit = (multiple: number): void => {
      const level = levelOf(quantizer, multiple);
      const off = aims[p] - multiple * scale;
      const more = off * off * weight + lambda * bits[levelPlace(quantizer, level)];
      this.#steps.offer(cost + offsets[p] + more, p, multiple, nextStates[state][level & 1]);
    };
    visit(low);
    visit(low + 2);
    const inner = x > 0 ? low - 2 : low + 4;
    if (Math.abs(inner) < Math.abs(x)) visit(inner);
    if (quantizer === 1 || low > 2 || low < -4) visit(multipleOf(quantizer, 0));
    if ((known & 1) === quantizer && (known < low - 2 || known > low + 4)) visit(known);
  }

  /** The cheapest steps become the paths. */
  #goOn(place: number, scale: number): void {
    const { list, count } = this.#steps;
    const at = this.#window.now % windowSteps;
    this.#window.places[at] = place;
    this.#window.now++;
    let taken = 0;
    const next: Path[] = [];
    for (let k = 0; k < count; k++) {
      const { from } = list[k];
      const before = this.#paths[from];
      const isFirst = !(taken & (1 << from));
      taken |= 1 << from;
      const path = isFirst ? before : this.#takeSpare();
      if (!isFirst) copyPath(path, before);
      next.push(path);
    }
    next.forEach((path, k) => {
      const { cost, state, value, from } = list[k];
      path.cost = cost;
      path.state = state;
      path.values[at] = value;
      path.aimErrors[at] = this.#wanted.aims[from] - value * scale;
      path.otherErrors[at] = this.#wanted.others[from] - value * scale;
    });
    for (let p = 0; p < this.#paths.length; p++) if (!(taken & (1 << p))) this.#spare.push(this.#paths[p]);
    this.#paths = next;
  }

  /** The oldest step of the cheapest path stands; paths that took another end. */
  #decide(): void {
    const at = this.#window.first % windowSteps;
    const [best] = this.#paths;
    const place = this.#window.places[at];
    const value = best.values[at];
    this.#request.values[place] = value;
    this.#feedback.decided(place, best.aimErrors[at], best.otherErrors[at]);
    this.#window.first++;
    const gone = this.#paths.filter((p) => p.values[at] !== value);
    if (gone.length === 0) return;
    this.#spare.push(...gone);
    this.#paths = this.#paths.filter((p) => p.values[at] === value);
  }
}

/** Chooses all values; what that costs. */
export function walkTrellis(request: WalkRequest, feedback: Feedback): number {
  const walk = new Walk(request, feedback);
  return request.sequences.reduce((cost, sequence) => cost + walk.follow(sequence), 0);
}
