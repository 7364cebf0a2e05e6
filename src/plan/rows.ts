// SPDX-License-Identifier: Apache-2.0
// The row arithmetic of streaming: a chain of layers that slide windows over rows is computed in bands of a few rows, all
// layers in each band, so that a tensor between two of them is only ever a window of a few rows. Nothing is computed twice:
// a row is made once, in the band in which the slowest of its readers first needs it.

/** How a stage reads the rows of one of its inputs: output row y reads rows y * stride - padTop … + span - 1. */
export interface RowReading {
  /** Index of the stage that makes the rows; undefined: they are all there before. */
  producer?: number;
  /** Rows that there are. */
  rows: number;
  /** Rows that one output row reaches over, dilation included. */
  span: number;
  stride: number;
  padTop: number;
}

export interface RowStage {
  /** Rows of its output. */
  rows: number;
  inputs: RowReading[];
}

/** What a stage reads of one input in one band. */
export interface BandInput {
  from: number;
  rows: number;
  padTop: number;
  padBottom: number;
}

/** The k-th time that a stage runs. */
export interface Band {
  from: number;
  rows: number;
  inputs: BandInput[];
}

export interface StageSchedule {
  /** Rows that it makes in a band, but for the first and the last time. */
  rowsPerBand: number;
  /** Band in which it runs first; the k-th time is in band delay + k. */
  delay: number;
  /** Rows that it makes fewer the first time. */
  phase: number;
  bands: Band[];
  /** Rows of its output that are kept at a time, and how many of them the next band still needs. */
  windowRows: number;
  keptRows: number;
  /** Row of the window at which it writes (the first time `phase` further down). */
  writeAt: number;
  /** Per input: row of the producer's window at which it reads, less the rows of `clipped` that do not exist. */
  readAt: number[];
  /** Per input: rows above the first that the first band would read: padding, and rows for outputs left out by `phase`. */
  clipped: number[];
}

export interface RowSchedule {
  bands: number;
  stages: StageSchedule[];
}

interface Reader {
  stage: number;
  reading: RowReading;
}

/** Who reads the rows of each stage. */
function readersOf(stages: readonly RowStage[]): Reader[][] {
  const readers = stages.map((): Reader[] => []);
  stages.forEach((s, stage) => {
    for (const reading of s.inputs)
      if (reading.producer !== undefined) readers[reading.producer].push({ stage, reading });
  });
  return readers;
}

/** Rows per band of every stage, or undefined where two readers would want different ones. */
function ratesOf(stages: readonly RowStage[], readers: Reader[][], rowsPerBand: number): number[] | undefined {
  const rates = stages.map(() => 0);
  rates[stages.length - 1] = rowsPerBand;
  for (let i = stages.length - 2; i >= 0; i--) {
    const wanted = new Set(readers[i].map((r) => rates[r.stage] * r.reading.stride));
    if (wanted.size !== 1) return undefined;
    [rates[i]] = wanted;
  }
  return rates;
}

/** Rows by which each stage lags: after band b it has made (b + 1) * rate - lag rows, exactly what its readers need. */
function lagsOf(stages: readonly RowStage[], readers: Reader[][], rates: readonly number[]): number[] {
  const lags = stages.map(() => 0);
  for (let i = stages.length - 2; i >= 0; i--)
    lags[i] = Math.min(...readers[i].map(({ stage, reading: r }) => (lags[stage] + 1) * r.stride - r.span + r.padTop));
  const bands = Math.max(...lags.map((lag, i) => Math.ceil(-lag / rates[i])));
  return lags.map((lag, i) => lag + bands * rates[i]);
}

/** Rows of each stage that anything reads. */
function neededRows(stages: readonly RowStage[], readers: Reader[][]): number[] {
  const needed = stages.map((s) => s.rows);
  for (let i = stages.length - 2; i >= 0; i--) {
    const ends = readers[i].map(({ stage, reading: r }) => (needed[stage] - 1) * r.stride + r.span - r.padTop);
    needed[i] = Math.min(stages[i].rows, Math.max(...ends));
  }
  return needed;
}

function bandInput(r: RowReading, from: number, rows: number): BandInput {
  const begin = from * r.stride - r.padTop;
  const end = (from + rows - 1) * r.stride + r.span - r.padTop;
  const first = Math.max(0, begin);
  return {
    from: first,
    rows: Math.min(end, r.rows) - first,
    padTop: first - begin,
    padBottom: Math.max(0, end - r.rows),
  };
}

function bandsOf(stage: RowStage, needed: number, rate: number, lag: number): Band[] {
  const delay = Math.floor(lag / rate);
  const count = Math.ceil((needed + lag) / rate) - delay;
  return Array.from({ length: count }, (_, k) => {
    const from = Math.max(0, (k + delay) * rate - lag);
    const rows = Math.min(needed, (k + delay + 1) * rate - lag) - from;
    return { from, rows, inputs: stage.inputs.map((r) => bandInput(r, from, rows)) };
  });
}

/**
 * When which stage makes which rows, or undefined where the stages do not go together: readers at different rates, or a
 * band that would lie wholly in the padding. The last stage makes `rowsPerBand` rows at a time.
 */
export function scheduleRows(stages: readonly RowStage[], rowsPerBand: number): RowSchedule | undefined {
  const readers = readersOf(stages);
  const rates = ratesOf(stages, readers, rowsPerBand);
  if (!rates) return undefined;
  const lags = lagsOf(stages, readers, rates);
  const needed = neededRows(stages, readers);
  if (needed.some((n) => n < 1)) return undefined;
  // Where row 0 lies in the window before the first band, counted from the window's first row.
  const base = stages.map((_, i) =>
    Math.max(lags[i], ...readers[i].map(({ stage, reading: r }) => lags[stage] * r.stride + r.padTop)),
  );
  const schedules = stages.map((stage, i): StageSchedule => {
    const [rate, lag] = [rates[i], lags[i]];
    const phase = lag % rate;
    return {
      rowsPerBand: rate,
      delay: Math.floor(lag / rate),
      phase,
      bands: bandsOf(stage, needed[i], rate, lag),
      windowRows: base[i] - lag + rate,
      keptRows: base[i] - lag,
      writeAt: base[i] - lag,
      readAt: stage.inputs.map((r) => (r.producer === undefined ? 0 : base[r.producer] - lag * r.stride - r.padTop)),
      clipped: stage.inputs.map((r) => r.padTop + phase * r.stride),
    };
  });
  const all = schedules.flatMap((s) => s.bands);
  if (all.some((b) => b.rows < 1 || b.inputs.some((r) => r.rows < 1))) return undefined;
  return { bands: Math.max(...schedules.map((s) => s.delay + s.bands.length)), stages: schedules };
}
