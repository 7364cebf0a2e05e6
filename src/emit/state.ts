// SPDX-License-Identifier: Apache-2.0
// NAME_reset: what lives from one inference to the next becomes zero.
import { tensorBytes } from '../model/graph.js';
import { resetValue, stateTensors } from '../model/state.js';
import { commentText } from './cText.js';
import type { EmitContext } from './emitContext.js';

export const hasState = ({ graph }: EmitContext): boolean => stateTensors(graph).length > 0;

/** Bytes of all states. */
const stateBytes = ({ graph }: EmitContext): number =>
  stateTensors(graph).reduce((sum, id) => sum + tensorBytes(graph.tensors[id]), 0);

/** For NAME.h. */
export function resetDeclaration(context: EmitContext): string {
  if (!hasState(context)) return '';
  const { name } = context;
  return `
#define ${name.toUpperCase()}_STATE_BYTES ${stateBytes(context)} /* of the arena: kept from one ${name}_run to the next, not to be written */

/* Begins anew: clears the state. Call it once before the first ${name}_run, and where a new sequence begins. */
int ${name}_reset(void *arena);
`;
}

/** For NAME.c. A byte repeated is zero in every type: integers of more than 8 bits have zero point 0. */
export function resetFunction(context: EmitContext, checks: string): string {
  if (!hasState(context)) return '';
  const { name, graph, plan } = context;
  const fills = stateTensors(graph).map((id) => {
    const t = graph.tensors[id];
    const text = `/* ${commentText(t.name)} */`;
    return `    memset(a + ${plan.offsetOf.get(id)}, ${resetValue(t)}, ${tensorBytes(t)}); ${text}`;
  });
  return `
int ${name}_reset(void *arena)
{
${checks}

${fills.join('\n')}
    return MOTE_OK;
}
`;
}
