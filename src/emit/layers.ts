// SPDX-License-Identifier: Apache-2.0
// NAME_layers.c/.h: the same calls one at a time, for profiling and for finding the first layer that differs.
import type { TensorId } from '../model/graph.js';
import { decodesAtStart } from './coded.js';
import { type EmitContext, tensorCType } from './emitContext.js';
import { callText, copiedOutputs, kernelHeaders, prologue, runArguments, stepDeclaration } from './model.js';
import { layerNames } from './names.js';
import { hasState } from './state.js';

export function layersHeader(context: EmitContext): string {
  const { name, graph } = context;
  const guard = `${name.toUpperCase()}_LAYERS_H`;
  return `/* SPDX-License-Identifier: Apache-2.0
 * Made by mote pack: ${name}_run one layer at a time. Not needed in a product. */
#ifndef ${guard}
#define ${guard}
#include "${name}.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Layer 0 ... ${name.toUpperCase()}_LAYERS - 1 in order are one ${name}_run with the same pointers. */
int ${name}_step(int layer, ${runArguments(graph)});

#ifdef __cplusplus
}
#endif
#endif
`;
}

export function layersSource(context: EmitContext): string {
  const { name, graph, plan } = context;
  const layers = layerNames(plan);
  const declarations = plan.steps.map((s, i) => stepDeclaration(context, s, layers[i]));
  const copies = copiedOutputs(graph, plan);
  const copyCalls = copies.map((c) => ` memcpy(${c.to}, ${c.from}, ${c.bytes});`).join('');
  const cases = plan.steps.map((s, i) => {
    const last = i === plan.steps.length - 1 ? copyCalls : '';
    return `    case ${i}: ${callText(context, s, layers[i])}${last} return MOTE_OK;`;
  });
  return `/* SPDX-License-Identifier: Apache-2.0
 * Made by mote pack: ${name}_run one layer at a time. Not needed in a product. */
#include <stdint.h>
${copies.length ? '#include <string.h>\n' : ''}
#include "${name}_layers.h"
${kernelHeaders(plan).join('\n')}

${declarations.join('\n')}

int ${name}_step(int layer, ${runArguments(graph)})
{
${prologue(context)}
    switch (layer) {
${cases.join('\n')}
    default: return MOTE_E_LAYER;
    }
}
`;
}

/** mote_model.h: the model under fixed names, for the firmware and the host module. */
export function firmwareGlue(context: EmitContext, hash: string): string {
  const { name, graph, plan } = context;
  const upper = name.toUpperCase();
  // The type itself, for C++ takes no void pointer for another.
  const port = (kind: 'INPUT' | 'OUTPUT') => (id: TensorId, i: number) =>
    `(${tensorCType(graph, id)} *)(arena + ${upper}_${kind}_${i}_OFFSET)`;
  const args = ['arena', ...graph.inputs.map(port('INPUT')), ...graph.outputs.map(port('OUTPUT'))].join(', ');
  const bytes = (hash.slice(0, 16).match(/../g) as string[]).map((h) => `0x${h}`).join(', ');
  return `/* SPDX-License-Identifier: Apache-2.0
 * Made by mote pack: ${name} under the fixed names that firmware and host module use. */
#ifndef MOTE_MODEL_H
#define MOTE_MODEL_H
#include "${name}_layers.h"

#define MOTE_MODEL_NAME "${name}"
#define MOTE_MODEL_HASH_BYTES { ${bytes} }
#define MOTE_MODEL_ARENA_BYTES ${upper}_ARENA_BYTES
#define MOTE_MODEL_LAYERS ${upper}_LAYERS

/* Clears what lives from one inference to the next. */
static inline int mote_model_reset(uint8_t *arena)
{
    ${hasState(context) ? `return ${name}_reset(arena);` : '(void)arena;\n    return MOTE_OK;'}
}

/* Once, before the first inference. */
static inline int mote_model_init(uint8_t *arena)
{
    ${decodesAtStart(plan) ? `const int result = ${name}_init(arena);\n    return result == MOTE_OK ? mote_model_reset(arena) : result;` : 'return mote_model_reset(arena);'}
}

static inline int mote_model_run(uint8_t *arena)
{
    return ${name}_run(${args});
}

static inline int mote_model_step(int layer, uint8_t *arena)
{
    return ${name}_step(layer, ${args});
}
#endif
`;
}
