// SPDX-License-Identifier: Apache-2.0
// Graph + Plan -> the .c/.h pair of one model. NAME.c reads like a forward pass: one commented call per layer first,
// the constants after it.
import type { Graph, TensorId } from '../model/graph.js';
import { tensorBytes } from '../model/graph.js';
import type { ConstArray } from '../ops/op.js';
import { callsOf, type Plan, type Step } from '../plan/plan.js';
import { sharedArrays, totalWeightBytes, weightBytes } from '../plan/sharedConstants.js';
import {
  codedCallText,
  codedIncludes,
  codedLayer,
  codedPrototype,
  decodesAtStart,
  hasCoded,
  initFunction,
  isCodedStep,
  pieceTableText,
} from './coded.js';
import { commentText, constArray, constArrays, structText } from './cText.js';
import { addressOf, type EmitContext, parameterSymbol, shapeText, tensorCType } from './emitContext.js';
import { namesOf } from './names.js';
import { hasState, resetDeclaration, resetFunction } from './state.js';
import {
  isStreamStep,
  stageConstants,
  stageDeclaration,
  streamCallText,
  streamFunction,
  streamPrototype,
} from './stream.js';

const shortType: Record<string, string> = {
  float32: 'f32',
  int8: 's8',
  uint8: 'u8',
  int16: 's16',
  int32: 's32',
  int64: 's64',
  bool: 'u8',
};

/** Prototype arguments: `void *arena, const int8_t *input_0, int8_t *output_0`. */
export function runArguments(graph: Graph): string {
  const ins = graph.inputs.map((id, i) => `const ${tensorCType(graph, id)} *input_${i}`);
  const outs = graph.outputs.map((id, i) => `${tensorCType(graph, id)} *output_${i}`);
  return ['void *arena', ...ins, ...outs].join(', ');
}

/** Outputs that no call writes, because they are a view of an input or of another output: copied at the end. */
export function copiedOutputs(graph: Graph, plan: Plan): { from: string; to: string; bytes: number }[] {
  const written = new Map<TensorId, number>();
  return graph.outputs.flatMap((id, i) => {
    const root = plan.viewOf.get(id) ?? id;
    const input = graph.inputs.indexOf(root);
    const bytes = tensorBytes(graph.tensors[id]);
    if (input >= 0) return [{ from: `input_${input}`, to: `output_${i}`, bytes }];
    const first = written.get(root);
    if (first !== undefined) return [{ from: `output_${first}`, to: `output_${i}`, bytes }];
    written.set(root, i);
    return [];
  });
}

/** `mote_conv2d_s8s8__ref(&kws_conv_1, input_0, (int8_t *)(a + 8000));` */
export function callText(context: EmitContext, step: Step, layer: string): string {
  if (step.stream) return streamCallText(context, step, layer);
  if (isCodedStep(step)) return codedCallText(context, step, layer);
  const { call, node } = step;
  const inputs = call.inputs.map((i) => addressOf(context, node.inputs[i]));
  const outputs = call.outputs.map((i) => addressOf(context, node.outputs[i]));
  const tensors = call.pinned
    ? [`(const void *const[]){ ${inputs.join(', ')} }`, `(void *const[]){ ${outputs.join(', ')} }`]
    : [...inputs, ...outputs];
  const args = [
    `&${parameterSymbol(context.name, layer)}`,
    ...tensors,
    ...(call.scratchBytes > 0 ? [`a + ${step.scratchOffset}`] : []),
  ];
  const text = `${call.kernel}(${args.join(', ')})`;
  // Only an NPU can fail.
  return call.pinned ? `{ const int e = ${text}; if (e != MOTE_OK) return e; }` : `${text};`;
}

function layerComment(context: EmitContext, step: Step, index: number, bytes: number): string {
  const { graph } = context;
  const input = graph.tensors[step.node.inputs[step.call.inputs[0] ?? 0]];
  const output = graph.tensors[step.node.outputs[0]];
  const macs = step.macs ? `, ${step.macs} MAC` : '';
  const op = step.stream ? `${step.stream.stages.length} layers by rows` : step.node.op;
  const text = `${index} ${op} ${shapeText(input.shape)} -> ${shapeText(output.shape)} ${shortType[output.dtype]}, ${bytes} B${macs}`;
  return `    /* ${commentText(text)} */`;
}

const checks = ({ plan }: EmitContext): string => `    if (arena == 0) return MOTE_E_NULL;
    if (((uintptr_t)arena & ${plan.alignBytes - 1}u) != 0) return MOTE_E_ALIGN;
    uint8_t *const a = (uint8_t *)arena;`;

/** The checks that open NAME_run and NAME_step. */
export function prologue(context: EmitContext): string {
  const { graph } = context;
  const pointers = [...graph.inputs.map((_, i) => `input_${i}`), ...graph.outputs.map((_, i) => `output_${i}`)];
  return `    if (${pointers.map((p) => `${p} == 0`).join(' || ')}) return MOTE_E_NULL;\n${checks(context)}\n    (void)a;`;
}

const copyText = (c: { from: string; to: string; bytes: number }): string =>
  `    memcpy(${c.to}, ${c.from}, ${c.bytes});`;

export const kernelHeaders = (plan: Plan): string[] =>
  [
    ...new Set(
      plan.steps.flatMap((s) => [...(s.stream ? [streamHeader] : []), ...callsOf(s).map((c) => headerOf(c.kernel))]),
    ),
  ]
    .sort()
    .map((h) => `#include "${h}"`);

/** What streamed layers need beside their kernels. */
export const streamHeader = 'mote/stream.h';

/** mote_<op>_… is declared in mote/<op>.h. */
export const headerOf = (kernel: string): string => `mote/${kernel.split('_')[1]}.h`;

/** NAME.c */
export function modelSource(context: EmitContext): string {
  const { graph, plan, name } = context;
  const { layers, stages } = namesOf(plan);
  const declarations = plan.steps.flatMap((s, i) => [
    ...(isStreamStep(s)
      ? s.stream.stages.map((stage, k) => stageDeclaration(parameterSymbol(name, stages[i][k]), stage))
      : []),
    stepDeclaration(context, s, layers[i]),
  ]);
  const shared = sharedArrays(plan);
  const calls = plan.steps.map(
    (s, i) => `${layerComment(context, s, i, weightBytes(s, shared))}\n    ${callText(context, s, layers[i])}`,
  );
  const copies = copiedOutputs(graph, plan).map(copyText);
  const streamed = plan.steps.flatMap((s, i) =>
    isStreamStep(s) ? [streamFunction(context, s, layers[i], stages[i])] : [],
  );
  const symbols = new Map<ConstArray, string>();
  const constants = plan.steps.flatMap((s, i) =>
    isStreamStep(s)
      ? s.stream.stages.map((stage, k) => stageConstants(parameterSymbol(name, stages[i][k]), stage))
      : [
          isCodedStep(s)
            ? codedLayer(context, s, layers[i])
            : layerConstants(parameterSymbol(name, layers[i]), s, { shared, symbols }),
        ],
  );
  if (hasCoded(plan)) constants.unshift(pieceTableText(context));
  if (decodesAtStart(plan)) constants.push(initFunction(context, layers, checks(context)));
  const reset = resetFunction(context, checks(context));
  return `/* SPDX-License-Identifier: Apache-2.0
 * ${commentText(context.origin)}
 * Made by mote pack. The forward pass comes first, the weights after it. */
#include <stdint.h>
${copies.length || reset ? '#include <string.h>\n' : ''}
#include "${name}.h"
${[...kernelHeaders(plan), ...codedIncludes(plan)].join('\n')}

${declarations.join('\n')}

int ${name}_run(${runArguments(graph)})
{
${prologue(context)}

${calls.join('\n')}
${copies.length ? `${copies.join('\n')}\n` : ''}    return MOTE_OK;
}
${reset}
${[...streamed, ...constants].join('\n')}`;
}

/** The symbol that a step's call needs: its parameters, or the function that is generated for it. */
export const stepDeclaration = (context: EmitContext, step: Step, layer: string): string =>
  isStreamStep(step)
    ? `${streamPrototype(context, layer, step.stream)};`
    : isCodedStep(step)
      ? `${codedPrototype(context, layer, step)};`
      : `extern const ${step.call.params.type} ${parameterSymbol(context.name, layer)};`;

/** Arrays that are another's, and the symbols of those that are there. */
interface Arrays {
  shared: ReadonlyMap<ConstArray, ConstArray>;
  symbols: Map<ConstArray, string>;
}

function layerConstants(symbol: string, step: Step, { shared, symbols }: Arrays): string {
  const own = [...new Set(constArrays(step.call.params))].filter((array) => !shared.has(array) && !symbols.has(array));
  for (const array of own) symbols.set(array, `${symbol}_${array.name}`);
  const symbolOf = (array: ConstArray): string => symbols.get(shared.get(array) ?? array) as string;
  const arrays = own.map((array) => constArray(symbolOf(array), array));
  return [...arrays, structText(symbol, step.call.params, symbolOf)].join('');
}

function initDeclaration({ name, plan }: EmitContext): string {
  if (!decodesAtStart(plan)) return '';
  const bytes = plan.steps.reduce((sum, s) => sum + (s.coded?.mode === 'start' ? s.coded.decodedBytes : 0), 0);
  return `
/* Decodes the constants into ${bytes} bytes of the arena: once, before the first ${name}_run. Between runs, ${name}_run
 * leaves that part as it is, and so must the caller: of the arena, only ports may be written. */
int ${name}_init(void *arena);
`;
}

/** NAME.h: the facts as constants, so that a build can fail on them, and the one function. */
export function modelHeader(context: EmitContext): string {
  const { graph, plan, name } = context;
  const upper = name.toUpperCase();
  const port = (kind: string, id: TensorId, i: number): string => {
    const t = graph.tensors[id];
    const quant = t.quant ? `, real = ${t.quant.scales[0]} * (q - ${t.quant.zeroPoints[0]})` : '';
    return `/* ${kind.toLowerCase()} ${i}: ${commentText(t.name)}, ${t.dtype} ${t.shape.join('x')}${quant} */
#define ${upper}_${kind}_${i}_BYTES ${tensorBytes(t)}
#define ${upper}_${kind}_${i}_OFFSET ${plan.offsetOf.get(id)} /* its place in the arena */`;
  };
  const weights = totalWeightBytes(plan);
  const macs = plan.steps.reduce((sum, s) => sum + s.macs, 0);
  const contents = hasState(context) ? 'contents not kept but for the state' : 'contents not kept';
  return `/* SPDX-License-Identifier: Apache-2.0
 * ${commentText(context.origin)}
 * Made by mote pack. */
#ifndef ${upper}_H
#define ${upper}_H
#include <stdint.h>

#include "mote/mote.h"

#ifdef __cplusplus
extern "C" {
#endif

#define ${upper}_ARENA_BYTES ${plan.arenaBytes} /* all activations, input and output included */
#define ${upper}_ARENA_ALIGN ${plan.alignBytes}
#define ${upper}_WEIGHT_BYTES ${weights} /* constants: weights, biases, multipliers */
#define ${upper}_MACS ${macs}
#define ${upper}_LAYERS ${plan.steps.length}
${[...graph.inputs.map((id, i) => port('INPUT', id, i)), ...graph.outputs.map((id, i) => port('OUTPUT', id, i))].join('\n')}

/* One inference. arena: ${upper}_ARENA_BYTES at ${plan.alignBytes}-byte alignment, ${contents}. Inputs and outputs may lie at
 * their own places in the arena (arena + ${upper}_INPUT_0_OFFSET ...) or anywhere outside it; an input inside the arena is
 * used up. Returns MOTE_OK or a MOTE_E_... code. Reentrant: no state but the arena. */
int ${name}_run(${runArguments(graph)});
${initDeclaration(context)}${resetDeclaration(context)}
#ifdef __cplusplus
}
#endif
#endif
`;
}
