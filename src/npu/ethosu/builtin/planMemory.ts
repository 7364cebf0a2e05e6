// SPDX-License-Identifier: Apache-2.0
// Where storages and weight buffers of a schedule lie.
import { place } from '../../../plan/place.js';
import { roundUp } from '../../../roundUp.js';
import { blobAlignBytes, blobRegions } from '../../npuBlob.js';
import type { Cascade, Step } from './cascade.js';
import type { Place } from './emitOperation.js';
import type { System } from './memories.js';
import { inputViews, type NpuOperation, type Storage } from './npuOperation.js';
import type { PackedParameters } from './packParameters.js';
import type { BufferRoom, Piece } from './schedule.js';
import type { Memory } from './writeStream.js';

/** Regions of their own are few: further ports lie in the scratch. */
const portRegions = blobRegions.count - blobRegions.ports;

interface Lifetime {
  bytes: number;
  first: number;
  last: number;
}

/** Steps from the first to the last that touches each storage. */
function lifetimes(storages: readonly Storage[], operations: readonly NpuOperation[]): Lifetime[] {
  const found = storages.map(({ bytes }) => ({ bytes, first: Number.POSITIVE_INFINITY, last: -1 }));
  operations.forEach((operation, step) => {
    for (const { storage } of [...inputViews(operation), operation.output]) {
      found[storage].first = Math.min(found[storage].first, step);
      found[storage].last = Math.max(found[storage].last, step);
    }
  });
  storages.forEach(({ port }, i) => {
    if (port !== undefined) Object.assign(found[i], { first: 0, last: operations.length });
  });
  return found;
}

const ownRegion = ({ port }: Storage): boolean => port !== undefined && port < portRegions;
export const isPlanned = (storage: Storage): boolean => !storage.data && !ownRegion(storage);

/** Buffers are filled while the step before theirs runs, if that is not before their cascade, and kept for all stripes. */
function bufferLifetimes(pieces: readonly Piece[]): Map<PackedParameters, Lifetime> {
  const found = new Map<PackedParameters, Lifetime>();
  pieces.forEach(({ parameters, buffered, cascade }, i) => {
    if (!parameters || !buffered) return;
    const early = i > 0 && (!cascade || pieces[i - 1].cascade === cascade);
    const first = found.get(parameters)?.first ?? (early ? i - 1 : i);
    found.set(parameters, { bytes: parameters.bytes.length, first, last: i });
  });
  return found;
}

export interface Planned {
  memory: Memory;
  scratchBytes: number;
  fastScratchBytes: number;
}

/** Places of storages and weight buffers. On a part with SRAM of its own they lie there, if they fit. */
export function planMemory(storages: readonly Storage[], pieces: readonly Piece[], system: System): Planned {
  const operations = pieces.map((p) => p.operation);
  const lives = lifetimes(storages, operations);
  const planned = storages.map((s, i) => ({ s, i })).filter(({ s, i }) => isPlanned(s) && lives[i].last >= 0);
  const buffers = [...bufferLifetimes(pieces)];
  const items = [...planned.map(({ i }) => lives[i]), ...buffers.map(([, life]) => life)];
  const { offsets, totalBytes } = items.length > 0 ? place(items, blobAlignBytes) : { offsets: [], totalBytes: 0 };
  const bytes = roundUp(totalBytes, blobAlignBytes);
  const fast = system.dedicatedSramBytes !== undefined && bytes <= system.dedicatedSramBytes;
  const region = fast ? blobRegions.fastScratch : blobRegions.scratch;
  const places = new Map<number, Place>(planned.map(({ i }, at) => [i, { region, address: offsets[at] }]));
  storages.forEach((s, i) => {
    if (ownRegion(s)) places.set(i, { region: blobRegions.ports + (s.port as number), address: 0 });
  });
  const bufferPlaces = new Map(buffers.map(([p], at) => [p, { region, address: offsets[planned.length + at] }]));
  return {
    memory: { places, buffers: bufferPlaces },
    scratchBytes: fast ? 0 : bytes,
    fastScratchBytes: fast ? bytes : 0,
  };
}

/** Bytes for weight buffers that leave the peak at `most`: while a step runs, and while the one before it does; `kept`:
 *  bytes of the buffers that a cascade keeps. */
export function bufferRoom(
  steps: readonly Step[],
  storages: readonly Storage[],
  kept: (cascade: Cascade) => number,
  most: number,
): (step: number) => BufferRoom {
  const operations = steps.map((s) => s.operation);
  const lives = lifetimes(storages, operations).filter((_, i) => isPlanned(storages[i]));
  const live = steps.map(({ cascade }, step) =>
    lives.reduce(
      (sum, l) => sum + (l.first <= step && step <= l.last ? roundUp(l.bytes, blobAlignBytes) : 0),
      cascade ? kept(cascade.cascade) : 0,
    ),
  );
  return (step) => ({ own: most - live[step], before: most - (live[step - 1] ?? 0) });
}
