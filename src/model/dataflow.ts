// SPDX-License-Identifier: Apache-2.0
// What must hold of every graph that comes out of a reader, and the removal of what nothing reads.
import { fail } from '../cli/errors.js';
import { type Graph, NO_TENSOR, type TensorId } from './graph.js';
import { statesOf, stateTensors } from './state.js';

/** Every tensor is written once, before it is read. */
export function checkDataflow(graph: Graph): void {
  const broken = (reason: string): never => fail('model.broken', { reason });
  const nameOf = (id: TensorId): string => graph.tensors[id].name;
  const known = new Set(graph.inputs);
  for (const id of stateTensors(graph)) known.add(id);
  if (known.size !== graph.inputs.length + stateTensors(graph).length) broken('it names an input twice');
  const constantInput = graph.inputs.find((id) => graph.tensors[id].data !== undefined);
  if (constantInput !== undefined) broken(`input '${nameOf(constantInput)}' is a constant`);
  const isKnown = (id: TensorId): boolean => known.has(id) || graph.tensors[id].data !== undefined;
  for (const node of graph.nodes) {
    const early = node.inputs.find((id) => id !== NO_TENSOR && !isKnown(id));
    if (early !== undefined) broken(`node '${node.name}' reads '${nameOf(early)}', which nothing has computed`);
    for (const id of node.outputs) {
      if (id === NO_TENSOR) continue;
      if (isKnown(id)) broken(`'${nameOf(id)}' is computed twice`);
      known.add(id);
    }
  }
  const open = graph.outputs.find((id) => !isKnown(id));
  if (open !== undefined) broken(`nothing computes the output '${nameOf(open)}'`);
}

/** Without the nodes that lead to no output and the tensors that nothing uses (folded constants, shape arithmetic). */
export function dropUnused(graph: Graph): Graph {
  const needed = new Set([...graph.inputs, ...graph.outputs, ...statesOf(graph).map((s) => s.write)]);
  const kept = [...graph.nodes]
    .reverse()
    .filter((node) => {
      // A node without outputs acts on state; it is unsupported, and `inspect` has to see it.
      if (node.outputs.some((id) => id !== NO_TENSOR) && !node.outputs.some((id) => needed.has(id))) return false;
      for (const id of [...node.inputs, ...node.outputs]) needed.add(id);
      return true;
    })
    .reverse();
  const newId = new Map<TensorId, TensorId>();
  const tensors = graph.tensors.filter((_, id) => needed.has(id) && newId.set(id, newId.size));
  const renumber = (id: TensorId): TensorId => (id === NO_TENSOR ? NO_TENSOR : (newId.get(id) ?? NO_TENSOR));
  return {
    ...graph,
    tensors,
    nodes: kept.map((n) => ({ ...n, inputs: n.inputs.map(renumber), outputs: n.outputs.map(renumber) })),
    inputs: graph.inputs.map(renumber),
    outputs: graph.outputs.map(renumber),
    ...(graph.states
      ? { states: graph.states.map((s) => ({ read: renumber(s.read), write: renumber(s.write) })) }
      : {}),
  };
}
