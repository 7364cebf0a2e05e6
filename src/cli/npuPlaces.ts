// SPDX-License-Identifier: Apache-2.0
// Which node runs on the NPU of a target and which on its CPU, why, and what that will take: for inspect.
import type { Target } from '../generated/target.js';
import type { Graph } from '../model/graph.js';
import { asInFile } from '../model/tflite/writeGraph.js';
import { backendOf } from '../npu/backends.js';
import { type NodePlace, partition, placeNodes } from '../npu/partition.js';
import { grouped, right, table } from '../report/table.js';
import { MoteError } from './errors.js';

export interface NpuPlaces {
  config: string;
  /** With `npu` nodes, where it could be compiled. */
  graph: Graph | undefined;
  places: NodePlace[];
  /** Who estimated the cycles, or why nobody did. */
  by: string;
}

/** Without a compiler the rules still say what the NPU would take. */
export async function npuPlaces(graph: Graph, target: Target, provider?: string): Promise<NpuPlaces | undefined> {
  const { npu } = target;
  if (!npu) return undefined;
  try {
    const split = await partition(asInFile(graph), { ...npu, ...(provider ? { provider } : {}) });
    const tool = split.graph.blobs?.[0]?.tool;
    return {
      config: npu.config,
      graph: split.graph,
      places: split.places,
      by: tool ? `cycles estimated by ${tool}` : 'nothing to compile',
    };
  } catch (error) {
    if (!(error instanceof MoteError) || error.exit !== 9) throw error;
    const verdicts = placeNodes(graph, backendOf(npu.backend), npu.config);
    const places = [...verdicts].map(
      ([node, verdict]): NodePlace => ({
        node: node.name,
        op: node.op,
        verdict,
        blob: undefined,
        cycles: undefined,
      }),
    );
    return { config: npu.config, graph: undefined, places, by: `cycles not known: ${error.message}; ${error.help}` };
  }
}

const why = ({ verdict, blob }: NodePlace): string => {
  if (!verdict.npu) return verdict.change ? `${verdict.reason}; ${verdict.change}` : verdict.reason;
  return blob === undefined ? 'the NPU has it' : `part ${blob}`;
};

const instructionsOf = (instructions: ReadonlyMap<string, number>, { node, verdict }: NodePlace): number | undefined =>
  verdict.npu ? undefined : instructions.get(node);

/** Why the CPU's nodes are its own: numbers of nodes, and the whole sentence, which no column of a table has room for. */
function cpuLines(places: readonly NodePlace[]): string[] {
  const numbers = new Map<string, number[]>();
  for (const [i, place] of places.entries())
    if (!place.verdict.npu) numbers.set(why(place), [...(numbers.get(why(place)) ?? []), i]);
  return [...numbers].map(([reason, list]) => `cpu     ${list.join(' ')}: ${reason}`);
}

/** `instructions`: predicted of the nodes that the CPU runs, by name. */
export function npuLines(found: NpuPlaces, instructions: ReadonlyMap<string, number>, width: number): string[] {
  const rows = found.places.map((p, i) => {
    const count = instructionsOf(instructions, p);
    const cost = p.verdict.npu
      ? p.cycles === undefined
        ? '–'
        : `${grouped(p.cycles)} cycles`
      : count === undefined
        ? '–'
        : `${grouped(Math.round(count))} instructions`;
    return [String(i), p.node, p.op, p.verdict.npu ? 'NPU' : 'CPU', p.blob === undefined ? '–' : String(p.blob), cost];
  });
  const columns = [right('#'), { title: 'node' }, { title: 'op' }, { title: 'on' }, right('part'), right('≈cost')];
  const onNpu = found.places.filter((p) => p.verdict.npu).length;
  return [
    ...table(columns, rows, width),
    '',
    `npu     ${found.config}: ${onNpu} of ${found.places.length} nodes; ${found.by}`,
    ...cpuLines(found.places),
  ];
}

export const npuData = (found: NpuPlaces, instructions: ReadonlyMap<string, number>): object => ({
  config: found.config,
  by: found.by,
  nodes: found.places.map((p) => ({
    node: p.node,
    op: p.op,
    on: p.verdict.npu ? 'npu' : 'cpu',
    why: why(p),
    part: p.blob ?? null,
    cycles: p.cycles ?? null,
    instructions: instructionsOf(instructions, p) ?? null,
  })),
});
