// SPDX-License-Identifier: Apache-2.0
// DMA and kernels run beside each other: what one writes and the other touches must lie behind a wait.
// A wait with parameter n lets n operations of its kind be outstanding.
import { coresOf, type MapRegisters, OperationRegisters, outputMap, rangeOf } from './operation.js';
import { kernelOperations, type StreamOperation, weightedOperations } from './registers.js';
import { operationInputs } from './runStream.js';

interface Span {
  region: number;
  start: number;
  end: number;
}

interface Access {
  reads: Span[];
  writes: Span[];
}

const overlaps = (a: Span, b: Span): boolean => a.region === b.region && a.start < b.end && b.start < a.end;
const clash = (a: readonly Span[], b: readonly Span[]): boolean => a.some((x) => b.some((y) => overlaps(x, y)));

/** From the first to the last byte of a map; one of several tiles is taken whole for each tile. */
function mapSpans(map: MapRegisters): Span[] {
  const spanOf = (base: number, height: number, width: number): Span => {
    const channels = map.bricks
      ? Math.floor((map.depth - 1) / 16) * map.strideC + 16 * map.elementBytes
      : map.depth * map.elementBytes;
    const end = base + (height - 1) * map.strideY + (width - 1) * map.strideX + channels;
    return { region: map.region, start: base, end };
  };
  const left = Math.min(map.width, map.width0);
  const spans = [spanOf(map.bases[0], Math.min(map.height, map.height0), left)];
  if (map.height > map.height0) spans.push(spanOf(map.bases[2], map.height - map.height0, left));
  if (map.width > map.width0) {
    const right = map.width - map.width0;
    spans.push(spanOf(map.bases[1], Math.min(map.height, map.height1), right));
    if (map.height > map.height1) spans.push(spanOf(map.bases[3], map.height - map.height1, right));
  }
  return spans;
}

const regionMask = 0xff;
/** The queues hold no more; an operation that would not fit waits for the oldest (Vela's architecture_features.py). */
export const queuedKernels = 2;
export const queuedDmas = { u55: 1, u65: 2 } as const;

function dmaAccess(registers: OperationRegisters): Access {
  const length = registers.address('DMA0_LEN');
  const span = (region: number, start: number): Span => ({ region: region & regionMask, start, end: start + length });
  return {
    reads: [span(registers.short('DMA0_SRC_REGION'), registers.address('DMA0_SRC'))],
    writes: [span(registers.short('DMA0_DST_REGION'), registers.address('DMA0_DST'))],
  };
}

function kernelAccess(operation: StreamOperation, registers: OperationRegisters): Access {
  const weights = weightedOperations.has(operation.name) ? (['WEIGHT', 'SCALE'] as const) : [];
  const constants = coresOf(registers).flatMap((core) =>
    weights.map((what) => {
      const { region, base, length } = rangeOf(registers, what, core);
      return { region, start: base, end: base + length };
    }),
  );
  return {
    reads: [...operationInputs(operation, registers).flatMap(mapSpans), ...constants],
    writes: mapSpans(outputMap(registers)),
  };
}

const conflict = (later: Access, earlier: Access): boolean =>
  clash(later.reads, earlier.writes) || clash(later.writes, earlier.writes) || clash(later.writes, earlier.reads);

/** Operations that touch what an unfinished one of the other kind touches. */
export function hazards(
  operations: readonly StreamOperation[],
  product: keyof typeof queuedDmas,
  broken: (reason: string) => never,
): Map<StreamOperation, string[]> {
  const found = new Map<StreamOperation, string[]>();
  let dmas: Access[] = [];
  let running: Access[] = [];
  for (const operation of operations) {
    if (operation.name === 'DMA_WAIT') dmas = lastOf(dmas, operation.parameter);
    else if (operation.name === 'KERNEL_WAIT') running = lastOf(running, operation.parameter);
    else if (operation.name === 'DMA_START') {
      const access = dmaAccess(new OperationRegisters(operation, broken));
      if (running.some((k) => conflict(access, k)))
        found.set(operation, ['the DMA touches what a kernel may still use: KERNEL_WAIT is missing']);
      dmas = [...dmas, access].slice(-queuedDmas[product]);
    } else if (kernelOperations.has(operation.name)) {
      const access = kernelAccess(operation, new OperationRegisters(operation, broken));
      if (dmas.some((d) => conflict(access, d)))
        found.set(operation, ['it touches what a DMA may still move: DMA_WAIT is missing']);
      running = [...running, access].slice(-queuedKernels);
    }
  }
  return found;
}

/** The latest `count`; the others are done. */
const lastOf = <T>(list: readonly T[], count: number): T[] => (count === 0 ? [] : list.slice(-count));
