// SPDX-License-Identifier: Apache-2.0
// A streamed run of layers as one C function: a loop over bands of rows, in it one commented call per layer.
import type { TensorId } from '../model/graph.js';
import type { ConstArray, KernelCall } from '../ops/op.js';
import type { Step } from '../plan/plan.js';
import type { StageInput, Stream, StreamStage } from '../plan/stream.js';
import { commentText, constArray, constArrays, structText } from './cText.js';
import { addressOf, type EmitContext, parameterSymbol, shapeText, tensorCType } from './emitContext.js';

export const isStreamStep = (step: Step): step is Step & { stream: Stream } => step.stream !== undefined;

const argumentName = (stream: Stream, id: TensorId): string =>
  stream.inputs.length === 1 ? 'input' : `input_${stream.inputs.indexOf(id)}`;

/** `void kws_pw_rows(uint8_t *a, const int8_t *input, int8_t *output)` */
export function streamPrototype({ graph, name }: EmitContext, layer: string, stream: Stream): string {
  const inputs = stream.inputs.map((id) => `const ${tensorCType(graph, id)} *${argumentName(stream, id)}`);
  const output = `${tensorCType(graph, stream.output)} *output`;
  return `void ${parameterSymbol(name, layer)}(${['uint8_t *a', ...inputs, output].join(', ')})`;
}

/** `kws_pw_rows(a, input_0, (int8_t *)(a + 8000));` */
export function streamCallText(context: EmitContext, step: Step, layer: string): string {
  const args = ['a', ...step.node.inputs.map((id) => addressOf(context, id)), addressOf(context, step.node.outputs[0])];
  return `${parameterSymbol(context.name, layer)}(${args.join(', ')});`;
}

/** ` + 320 * mote_rows(k - 2)`: `elements` times how many rows, `slope` * k + `offset`, are above 0. */
function rowsText(elements: number, slope: number, offset: number): string {
  const k = Math.abs(slope) === 1 ? 'k' : `${Math.abs(slope)} * k`;
  if (slope > 0) {
    if (offset === 0) return ` + ${elements * slope} * k`;
    return ` + ${elements} * mote_rows(${k} - ${-offset})`;
  }
  return offset > 0 ? ` + ${elements} * mote_rows(${offset} - ${k})` : '';
}

interface Place {
  context: EmitContext;
  step: Step & { stream: Stream };
}

const windowText = ({ context, step }: Place, stage: StreamStage, row: number): string => {
  const at = step.scratchOffset + stage.windowOffset + row * stage.rowBytes;
  return `(${tensorCType(context.graph, stage.node.outputs[0])} *)(a + ${at})`;
};

/** Elements of a row of a tensor. */
const rowElements = ({ context }: Place, id: TensorId): number => {
  const { shape } = context.graph.tensors[id];
  return shape[2] * shape[3];
};

function inputText(place: Place, input: StageInput): string {
  const { stream } = place.step;
  const elements = rowElements(place, input.tensor);
  if (input.producer === undefined)
    return `${argumentName(stream, input.tensor)}${rowsText(elements, input.step, -input.clipped)}`;
  const window = windowText(place, stream.stages[input.producer], input.readAt);
  return `${window}${rowsText(elements, -input.step, input.clipped)}`;
}

function outputText(place: Place, stage: StreamStage): string {
  const { stages } = place.step.stream;
  const { rowsPerBand, phase, writeAt } = stage.schedule;
  if (stage.isMean) return 'output';
  const elements = rowElements(place, stage.node.outputs[0]);
  if (stage === stages[stages.length - 1]) return `output${rowsText(elements, rowsPerBand, -phase)}`;
  return `${windowText(place, stage, writeAt)}${rowsText(elements, -rowsPerBand, phase)}`;
}

function callArguments(place: Place, stage: StreamStage, call: KernelCall): string[] {
  const inputs = call.inputs.map((i) => stage.inputs.find((r) => r.input === i) as StageInput);
  const scratch = place.step.scratchOffset + stage.scratchOffset;
  return [
    ...inputs.map((input) => inputText(place, input)),
    outputText(place, stage),
    ...(call.scratchBytes > 0 ? [`a + ${scratch}`] : []),
  ];
}

function stageText(place: Place, stage: StreamStage, symbol: string): string {
  const { graph } = place.context;
  const { delay, bands, rowsPerBand } = stage.schedule;
  const [from, to] = [stage.node.inputs[stage.inputs[0].input], stage.node.outputs[0]];
  const rows = stage.isMean ? 'each band added' : `${rowsPerBand} row${rowsPerBand > 1 ? 's' : ''}`;
  const comment = `${stage.node.op} ${shapeText(graph.tensors[from].shape)} -> ${shapeText(graph.tensors[to].shape)}, ${rows}`;
  const all = place.step.stream.bands;
  const guards = [
    ...(delay > 0 ? ['k >= 0'] : []),
    ...(delay + bands.length < all ? [`k < ${bands.length}`] : []),
  ].join(' && ');
  const own = stage.calls.length > 1;
  const parameters = own
    ? `&${symbol}[mote_band(k, ${stage.firstOwn}, ${stage.lastOwn}, ${bands.length})]`
    : `&${symbol}`;
  const [call] = stage.calls;
  const args = [parameters, ...callArguments(place, stage, call)].join(', ');
  return `        k = band${delay > 0 ? ` - ${delay}` : ''}; /* ${commentText(comment)} */
        ${guards ? `if (${guards})\n            ` : ''}${call.kernel}(${args});`;
}

function slideText({ step }: Place, stage: StreamStage): string[] {
  if (stage.keptBytes === 0) return [];
  const at = step.scratchOffset + stage.windowOffset;
  return [`        mote_slide(a + ${at}, ${stage.keptBytes}, ${stage.schedule.rowsPerBand * stage.rowBytes});`];
}

/** The run's function. */
export function streamFunction(context: EmitContext, step: Step, layer: string, stages: readonly string[]): string {
  if (!isStreamStep(step)) throw new Error(`${layer} is not streamed`);
  const place = { context, step };
  const { stream } = step;
  const calls = stream.stages.map((s, i) => stageText(place, s, parameterSymbol(context.name, stages[i])));
  const slides = stream.stages.flatMap((s) => slideText(place, s));
  const keep = slides.length
    ? `        /* Rows that the next band still needs. */
${slides.join('\n')}
`
    : '';
  const count = stream.stages.length;
  return `/* ${count === 1 ? 'A layer' : `${count} layers`} in bands of rows. In each a layer makes its k-th rows, as soon as the rows that they need are
 * there; of the rows between two layers only a window is kept. */
${streamPrototype(context, layer, stream)}
{
    for (int32_t band = 0; band < ${stream.bands}; band++) {
        int32_t k;
${calls.join('\n')}
${keep}    }
}
`;
}

/** A stage's parameters: one struct, or an array of them where its first or last bands have their own. */
export const stageDeclaration = (symbol: string, stage: StreamStage): string =>
  `extern const ${stage.calls[0].params.type} ${symbol}${stage.calls.length > 1 ? `[${stage.calls.length}]` : ''};`;

/** Constants that differ from band to band are numbered. */
export function stageConstants(symbol: string, stage: StreamStage): string {
  const names = new Map<ConstArray, string>();
  const used = new Set<string>();
  for (const array of stage.calls.flatMap((c) => constArrays(c.params))) {
    if (names.has(array)) continue;
    let name = `${symbol}_${array.name}`;
    for (let n = 2; used.has(name); n++) name = `${symbol}_${array.name}_${n}`;
    used.add(name);
    names.set(array, name);
  }
  const arrays = [...names].map(([array, name]) => constArray(name, array));
  const structs = stage.calls.map((c) => c.params);
  return [...arrays, structText(symbol, structs, (a) => names.get(a) as string)].join('');
}
