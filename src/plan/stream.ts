// SPDX-License-Identifier: Apache-2.0
// A run of layers as one step that computes them in bands of rows (rows.ts): the calls, the windows between the layers and
// their places, and how far before a dying input the output may begin.
import { dtypeBytes, type Graph, type Node, type TensorId } from '../model/graph.js';
import type { ConstArray, CStruct, KernelCall } from '../ops/op.js';
import type { Estimated } from '../ops/variants/choose.js';
import type { Work } from '../ops/variants/variant.js';
import { type BandLowering, bandShape } from './bandLowering.js';
import { activationInputs, rowGeometry } from './bandNode.js';
import { specOf } from './buffers.js';
import { type Interval, place } from './place.js';
import { isRowMean, rowMeanCall } from './rowMean.js';
import { type Band, type RowSchedule, type RowStage, type StageSchedule, scheduleRows } from './rows.js';

/** Where a stage finds the rows of an input. */
export interface StageInput {
  /** Index into node.inputs. */
  input: number;
  tensor: TensorId;
  /** The stage that makes them; undefined: a whole tensor. */
  producer?: number;
  rowBytes: number;
  readAt: number;
  clipped: number;
  /** Input rows per band. */
  step: number;
}

export interface StreamStage {
  node: Node;
  schedule: StageSchedule;
  /** One call per shape of band: those of the first bands, the one for all in between, those of the last bands. */
  calls: KernelCall[];
  firstOwn: number;
  lastOwn: number;
  inputs: StageInput[];
  rowBytes: number;
  /** Bytes of its rows that are kept from band to band. */
  keptBytes: number;
  macs: number;
  /** What the cost table predicts all bands from; undefined for a mean. */
  work?: Work;
  /** It makes one sum of all its rows (rowMean.ts): its scratch is kept from band to band, its output is written last. */
  isMean: boolean;
  /** Relative to the stream's memory; 0 where there is none. */
  windowOffset: number;
  scratchOffset: number;
  scratchBytes: number;
}

export interface Stream {
  stages: StreamStage[];
  bands: number;
  /** Whole tensors that it reads, and the one that it writes. */
  inputs: TensorId[];
  output: TensorId;
  /** Windows and scratch together. */
  bytes: number;
  /** Per input: bytes by which the output must begin before it when both share memory. */
  lagBytes: number[];
  /** Predicted. */
  instructions: number;
  /** Those of them that are in no kernel: making the calls, keeping rows, means. */
  otherInstructions: number;
}

const alignBytes = 4;

/** No placement can need less: the largest sum that is alive at one step. */
function mostAlive(items: readonly Interval[]): number {
  const sumAt = (step: number): number =>
    items.reduce((sum, b) => (b.first <= step && step <= b.last ? sum + Math.ceil(b.bytes / alignBytes) : sum), 0);
  return alignBytes * Math.max(...items.map((b) => sumAt(b.first)));
}

export const rowBytesOf = (graph: Graph, id: TensorId): number => {
  const { shape, dtype } = graph.tensors[id];
  return shape[2] * shape[3] * dtypeBytes(dtype);
};

/** The members as stages; undefined where one cannot be computed in bands. */
function rowStages(members: readonly Node[], graph: Graph): RowStage[] | undefined {
  const makerOf = new Map(members.map((n, i) => [n.outputs[0], i]));
  const stages: RowStage[] = [];
  for (const [i, node] of members.entries()) {
    const isMean = i === members.length - 1 && isRowMean(node, graph);
    const geometry = isMean ? { span: 1, stride: 1, padTop: 0 } : rowGeometry(node, graph);
    if (!geometry) return undefined;
    stages.push({
      rows: graph.tensors[node[isMean ? 'inputs' : 'outputs'][0]].shape[1],
      inputs: activationInputs(node, graph).map((input) => {
        const id = node.inputs[input];
        const producer = makerOf.get(id);
        return { ...geometry, rows: graph.tensors[id].shape[1], ...(producer === undefined ? {} : { producer }) };
      }),
    });
  }
  return stages;
}

/** How often each stage's bands have the shape of most, and which have their own. */
interface BandShapes {
  firstOwn: number;
  lastOwn: number;
  /** One band per call. */
  distinct: Band[];
}

/** `shapeOf`: bands of one shape have one call. */
function shapesOf(bands: readonly Band[], shapeOf = bandShape): BandShapes {
  const shapes = bands.map(shapeOf);
  let [from, length] = [0, 0];
  for (let i = 0; i < shapes.length; ) {
    let end = i + 1;
    while (end < shapes.length && shapes[end] === shapes[i]) end++;
    if (end - i > length) [from, length] = [i, end - i];
    i = end;
  }
  const lastOwn = bands.length - from - length;
  return { firstOwn: from, lastOwn, distinct: [...bands.slice(0, from + 1), ...bands.slice(from + length)] };
}

/** A band that stands for all: the first of those with the most rows. */
const largestBand = (bands: readonly Band[]): Band => bands.reduce((a, b) => (b.rows > a.rows ? b : a));

const sameArray = (a: ConstArray, b: ConstArray): boolean =>
  a.name === b.name &&
  a.dtype === b.dtype &&
  a.data.length === b.data.length &&
  a.data.every((v: number | bigint, i: number) => Object.is(v, b.data[i]));

/** The calls with equal constants made one: bands share their weights. */
function sharingConstants(calls: readonly KernelCall[]): KernelCall[] {
  const known: ConstArray[] = [];
  const shared = (array: ConstArray): ConstArray => {
    const same = known.find((k) => sameArray(k, array));
    if (!same) known.push(array);
    return same ?? array;
  };
  return calls.map((call) => {
    const fields = call.params.fields.map(([name, value]): CStruct['fields'][number] =>
      value !== null && typeof value === 'object' && 'const' in value
        ? [name, { const: shared(value.const) }]
        : [name, value],
    );
    return { ...call, params: { ...call.params, fields } };
  });
}

/** Members that can run in bands together, and when each makes which rows. */
export interface Run {
  members: readonly Node[];
  rows: RowStage[];
  schedule: RowSchedule;
}

/** undefined where the members do not go together in bands, or would do most of their work in one. */
export function makeRun(members: readonly Node[], graph: Graph, rowsPerBand: number): Run | undefined {
  const rows = rowStages(members, graph);
  const schedule = rows && scheduleRows(rows, rowsPerBand);
  if (!schedule || schedule.stages.some((s, i) => 2 * s.rowsPerBand > rows[i].rows)) return undefined;
  return { members, rows, schedule };
}

export interface StreamChoice {
  /** Kernels with more scratch are taken only where there is no other. */
  maxScratchBytes: number;
  /** For comparing many: only the call of most bands is made, and memory is counted but not placed. */
  estimate?: boolean;
}

// Copying a word in memcpy's loop and calling it; finding and making a stage's call.
const copyPerByte = 1.4;
const perSlide = 40;
const perCall = 60;

interface Choice {
  calls: KernelCall[];
  firstOwn: number;
  lastOwn: number;
  work?: Work;
  instructions: number;
  /** Those of them that are in no kernel with a cost row. */
  otherInstructions: number;
  scratchBytes: number;
}

const scratchOf = (calls: readonly { scratchBytes: number }[]): number =>
  Math.max(0, ...calls.map((c) => c.scratchBytes));

const times = ({ calls = 1, pixels, outputs, macs }: Work, n: number): Work => ({
  calls: calls * n,
  pixels: pixels * n,
  outputs: outputs * n,
  macs: macs * n,
});

const rowsOf = (bands: readonly Band[]): number => bands.reduce((sum, b) => sum + b.rows, 0);

/** One kernel for all bands of a stage: the fastest within the scratch, else the one with the least. */
function chooseKernel(lowering: BandLowering, node: Node, bands: readonly Band[], how: StreamChoice): Choice {
  const typical = largestBand(bands);
  const shapes = how.estimate ? { firstOwn: 0, lastOwn: 0, distinct: [typical] } : shapesOf(bands);
  const perShape = shapes.distinct.map((band) => lowering.candidates(node, band));
  const share = rowsOf(bands) / typical.rows;
  const otherInstructions = perCall * bands.length;
  const choices = lowering.candidates(node, typical).flatMap(({ call, work, instructions }): Choice[] => {
    const found = perShape.map((list) => list.find((c) => c.call.kernel === call.kernel));
    if (found.some((c) => c === undefined)) return [];
    const calls = (found as Estimated[]).map((c) => c.call);
    const total = (instructions * rowsOf(bands)) / typical.rows + otherInstructions;
    const scratchBytes = scratchOf(calls);
    return [{ ...shapes, calls, work: times(work, share), instructions: total, otherInstructions, scratchBytes }];
  });
  const within = choices.filter((c) => c.scratchBytes <= how.maxScratchBytes);
  return within[0] ?? choices.reduce((a, b) => (b.scratchBytes < a.scratchBytes ? b : a));
}

function meanChoice(graph: Graph, node: Node, bands: readonly Band[]): Choice {
  const calls = bands.map((band) => rowMeanCall(node, graph, band));
  const { firstOwn, lastOwn, distinct } = shapesOf(bands, (band) =>
    JSON.stringify(rowMeanCall(node, graph, band).call.params.fields),
  );
  const made = distinct.map((band) => rowMeanCall(node, graph, band).call);
  const instructions = calls.reduce((sum, c) => sum + c.instructions + perCall, 0);
  const scratchBytes = scratchOf(made);
  return { firstOwn, lastOwn, calls: made, instructions, otherInstructions: instructions, scratchBytes };
}

/** Scratch sizes that the kernels of the members may have in bands: what `maxScratchBytes` is worth trying. */
export function scratchSizes(lowering: BandLowering, { members, schedule }: Run): number[] {
  const sizes = schedule.stages.flatMap(({ bands }, i) =>
    isRowMean(members[i], lowering.graph)
      ? []
      : lowering.candidates(members[i], largestBand(bands)).map((c) => c.call.scratchBytes),
  );
  return [...new Set(sizes)].sort((a, b) => a - b);
}

/** Places windows and scratch: a window that keeps nothing lives from its maker to its last reader. */
function placeRows(stages: StreamStage[], estimate: boolean | undefined): number {
  const items: (Interval & { set(offset: number): void })[] = [];
  stages.forEach((stage, i) => {
    if (i < stages.length - 1) {
      const readers = stages.flatMap((s, j) => (s.inputs.some((r) => r.producer === i) ? [j] : []));
      const kept = stage.schedule.keptRows > 0;
      items.push({
        bytes: stage.schedule.windowRows * stage.rowBytes,
        first: kept ? 0 : i,
        last: kept ? stages.length - 1 : Math.max(...readers),
        set: (offset) => {
          stage.windowOffset = offset;
        },
      });
    }
    if (stage.scratchBytes > 0)
      items.push({
        bytes: stage.scratchBytes,
        first: stage.isMean ? 0 : i,
        last: i,
        set: (offset) => {
          stage.scratchOffset = offset;
        },
      });
  });
  if (items.length === 0) return 0;
  if (estimate) return mostAlive(items);
  const { offsets, totalBytes } = place(items, alignBytes);
  items.forEach((item, i) => {
    item.set(offsets[i]);
  });
  return totalBytes;
}

/** The call of the k-th band. */
export const callOfBand = (stage: StreamStage, k: number): KernelCall => {
  const { calls, firstOwn, lastOwn, schedule } = stage;
  const lastFrom = schedule.bands.length - lastOwn;
  // An estimate has one call.
  return calls.length === 1
    ? calls[0]
    : calls[k < firstOwn ? k : k < lastFrom ? firstOwn : firstOwn + 1 + k - lastFrom];
};

/** Bytes by which the output must begin before a whole input: no write may reach a row that is still read. */
function lagOf(stages: readonly StreamStage[], bands: number, tensor: TensorId): number {
  let lag = 0;
  let unread = Infinity;
  for (let b = bands - 1; b >= 0; b--) {
    for (let i = stages.length - 1; i >= 0; i--) {
      const stage = stages[i];
      const k = b - stage.schedule.delay;
      const band = stage.schedule.bands[k];
      if (!band) continue;
      const reads = stage.inputs.flatMap((r, j) =>
        r.tensor === tensor && r.producer === undefined ? [{ ...r, at: band.inputs[j].from * r.rowBytes }] : [],
      );
      if (i === stages.length - 1) {
        const [begin, end] = stage.isMean
          ? [0, stage.rowBytes]
          : [band.from * stage.rowBytes, (band.from + band.rows) * stage.rowBytes];
        lag = Math.max(lag, end - unread);
        const { overlap } = callOfBand(stage, k);
        for (const { input, at } of reads) {
          const within = overlap?.input === input && reads.length === 1 ? begin + overlap.lagBytes : Infinity;
          lag = Math.max(lag, Math.min(end, within) - at);
        }
      }
      unread = Math.min(unread, ...reads.map((r) => r.at));
    }
  }
  return lag;
}

function stageInputs(graph: Graph, node: Node, stage: RowStage, schedule: StageSchedule): StageInput[] {
  return activationInputs(node, graph).map((input, j) => ({
    input,
    tensor: node.inputs[input],
    ...(stage.inputs[j].producer === undefined ? {} : { producer: stage.inputs[j].producer }),
    rowBytes: rowBytesOf(graph, node.inputs[input]),
    readAt: schedule.readAt[j],
    clipped: schedule.clipped[j],
    step: schedule.rowsPerBand * stage.inputs[j].stride,
  }));
}

function stageOf(lowering: BandLowering, run: Run, i: number, how: StreamChoice) {
  const { graph } = lowering;
  const node = run.members[i];
  const schedule = run.schedule.stages[i];
  const isLast = i === run.members.length - 1;
  const isMean = isLast && isRowMean(node, graph);
  const choice = isMean ? meanChoice(graph, node, schedule.bands) : chooseKernel(lowering, node, schedule.bands, how);
  const rowBytes = rowBytesOf(graph, node.outputs[0]);
  const keptBytes = isLast ? 0 : schedule.keptRows * rowBytes;
  const slide = keptBytes > 0 ? copyPerByte * keptBytes + perSlide : 0;
  const stage: StreamStage = {
    node,
    schedule,
    calls: how.estimate ? choice.calls : sharingConstants(choice.calls),
    firstOwn: choice.firstOwn,
    lastOwn: choice.lastOwn,
    inputs: stageInputs(graph, node, run.rows[i], schedule),
    rowBytes,
    keptBytes,
    macs: how.estimate ? 0 : specOf(node).macs(node, graph),
    ...(choice.work ? { work: choice.work } : {}),
    isMean,
    windowOffset: 0,
    scratchOffset: 0,
    scratchBytes: choice.scratchBytes,
  };
  const slides = run.schedule.bands * slide;
  return {
    stage,
    instructions: choice.instructions + slides,
    otherInstructions: choice.otherInstructions + slides,
  };
}

/** The run with kernels, windows and places. */
export function makeStream(lowering: BandLowering, run: Run, how: StreamChoice): Stream {
  const { members, schedule } = run;
  const made = members.map((_, i) => stageOf(lowering, run, i, how));
  const stages = made.map((m) => m.stage);
  const inputs = [
    ...new Set(stages.flatMap((s) => s.inputs.flatMap((r) => (r.producer === undefined ? [r.tensor] : [])))),
  ];
  return {
    bytes: placeRows(stages, how.estimate),
    stages,
    bands: schedule.bands,
    inputs,
    output: members[members.length - 1].outputs[0],
    lagBytes: inputs.map((id) => lagOf(stages, schedule.bands, id)),
    instructions: made.reduce((sum, m) => sum + m.instructions, 0),
    otherInstructions: made.reduce((sum, m) => sum + m.otherInstructions, 0),
  };
}
