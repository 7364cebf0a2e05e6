// SPDX-License-Identifier: Apache-2.0
// Test and bench only: several small models (parts) as one program that makes the arena of a part, runs its calls and compares
// every byte, on the device, since a console carries an arena more slowly than the device fills it. All parts use the same arena.
import { createHash } from 'node:crypto';
import { addTensor, emptyGraph, type Graph, type Node, type TensorData, type TensorId } from '../../model/graph.js';
import type { Rounding } from '../../ops/op.js';
import type { Plan, Step } from '../../plan/plan.js';
import { emitPack, type PackOutput } from '../pack.js';

export interface Part {
  /** Where it comes from, for the head of the files. */
  file: string;
  target: string;
  rounding: Rounding;
  graph: Graph;
  plan: Plan;
  /** Of its ports. */
  inputs: TensorData[];
  expected: TensorData[];
  /** Its arena before the first call and after the last one, but for the bytes that calls may leave as they like. */
  start: Uint8Array;
  end: Uint8Array;
  scratch: { at: number; end: number };
}

/** What a step of the program does with its part; `all` is the three before it. */
const phases = ['load', 'run', 'compare', 'all'] as const;

export const stepOf = (part: number, phase: (typeof phases)[number]): number =>
  part * phases.length + phases.indexOf(phase);

/** The arena around a part. */
export const guardValue = 0xa5;

const name = 'parts';
const dataFile = 'parts.bin';
/** Where the data lies in the program, so that compilers may read it by words. */
const alignBytes = 8;

interface Joined {
  graph: Graph;
  plan: Plan;
  /** Of the two ports. */
  vectors: { input: TensorData; output: TensorData };
}

/** One model of all: node and tensors get numbers of their own, the layout stays. */
function join(parts: readonly Part[]): Joined {
  const graph = emptyGraph(name, { format: 'mote', quantized: true });
  const offsetOf = new Map<TensorId, number>();
  const steps: Step[] = [];
  for (const [index, { graph: own, plan }] of parts.entries()) {
    const ids = own.tensors.map((t) => addTensor(graph, t));
    const map = (list: readonly TensorId[]): TensorId[] => list.map((id) => (id < 0 ? id : ids[id]));
    const nodes = new Map<Node, Node>(
      own.nodes.map((n) => [n, { ...n, name: `p${index}_${n.name}`, inputs: map(n.inputs), outputs: map(n.outputs) }]),
    );
    graph.nodes.push(...nodes.values());
    steps.push(...plan.steps.map((s) => ({ ...s, node: nodes.get(s.node) as Node })));
    for (const [id, offset] of plan.offsetOf) offsetOf.set(ids[id], offset);
  }
  // One port of each kind is enough: calls find all other tensors at their offsets.
  const ports = parts.map(({ graph: own, inputs, expected }) => ({
    input: { id: own.inputs[0], data: inputs[0] },
    output: { id: own.outputs[0], data: expected[0] },
  }));
  const fed = Math.max(
    0,
    ports.findIndex((p) => p.input.id !== undefined),
  );
  const firstOf = parts.slice(0, fed).reduce((n, p) => n + p.graph.tensors.length, 0);
  graph.inputs.push(ports[fed].input.id + firstOf);
  graph.outputs.push(ports[fed].output.id + firstOf);
  const vectors = { input: ports[fed].input.data, output: ports[fed].output.data };
  const arenaBytes = Math.max(...parts.map((p) => p.plan.arenaBytes));
  return {
    graph,
    vectors,
    plan: { steps, offsetOf, viewOf: new Map(), arenaBytes, alignBytes: 8, boundBytes: arenaBytes, buffers: [] },
  };
}

/** Start and end of every part, one after the other; `at` is where the two of a part begin. */
function dataOf(parts: readonly Part[]): { bytes: Uint8Array; at: { start: number; end: number }[] } {
  const pieces: Uint8Array[] = [];
  let used = 0;
  const add = (bytes: Uint8Array): number => {
    const at = used;
    const padded = new Uint8Array(Math.ceil(bytes.length / alignBytes) * alignBytes);
    padded.set(bytes);
    pieces.push(padded);
    used += padded.length;
    return at;
  };
  const at = parts.map(({ start, end }) => ({ start: add(start), end: add(end) }));
  return { bytes: Buffer.concat(pieces), at };
}

const replaced = (text: string, pattern: RegExp, by: string): string => {
  if (!pattern.test(text)) throw new Error(`mote_model.h has no ${pattern}`);
  return text.replace(pattern, () => by);
};

/** The pack's own glue, but for what a step is; there is no run of all. */
function glue(header: string, steps: number): string {
  const declared = replaced(
    header,
    /(?<=#include "parts_layers\.h"\n)/,
    'int parts_phase(int step, uint8_t *arena);\n',
  );
  const counted = replaced(declared, /#define MOTE_MODEL_LAYERS \w+/, `#define MOTE_MODEL_LAYERS ${steps}`);
  const stepped = replaced(counted, /return parts_step\([^;]*;/, 'return parts_phase(layer, arena);');
  return replaced(stepped, /return parts_run\([^;]*;/, '(void)arena;\n    return MOTE_E_LAYER;');
}

/** The steps; `data` is the path of the arenas, without which the caller loads and compares. */
function driver(
  parts: readonly Part[],
  { graph, plan }: Joined,
  at: { start: number; end: number }[],
  data: string | undefined,
): string {
  const port = ([id]: readonly TensorId[]): string => `(void *)(arena + ${plan.offsetOf.get(id)})`;
  let first = 0;
  const rows = parts.map(({ plan: { arenaBytes, steps }, scratch }, i) => {
    const last = first + steps.length;
    const row = `    { ${first}, ${last}, ${at[i].start}, ${at[i].end}, ${arenaBytes}, ${scratch.at}, ${scratch.end} },`;
    first = last;
    return row;
  });
  return `#include <string.h>
#include "${name}_layers.h"
#include "mote_model.h"

static const struct part { int first, last; uint32_t start, end, bytes, scratch, scratch_end; } parts[] = {
${rows.join('\n')}
};
${data === undefined ? without : arenaSource(data)}
static int run(const struct part *p, uint8_t *arena)
{
    for (int i = p->first; i < p->last; i++) {
        const int result = ${name}_step(i, arena, ${port(graph.inputs)}, ${port(graph.outputs)});
        if (result != MOTE_OK) return result;
    }
    return MOTE_OK;
}

int parts_phase(int step, uint8_t *arena)
{
    if (step < 0 || step >= MOTE_MODEL_LAYERS) return MOTE_E_LAYER;
    const struct part *p = &parts[step / ${phases.length}];
    const int phase = step % ${phases.length};
    if (phase == ${phases.indexOf('run')}) return run(p, arena);
    if (phase == ${phases.indexOf('compare')}) return differs(p, arena);
    load(p, arena);
    if (phase == ${phases.indexOf('load')}) return MOTE_OK;
    const int result = run(p, arena);
    return result == MOTE_OK ? differs(p, arena) : result;
}
`;
}

/** Where the caller does both. */
const without = `
static void load(const struct part *p, uint8_t *arena) { (void)p; (void)arena; }
static int differs(const struct part *p, const uint8_t *arena) { (void)p; (void)arena; return MOTE_OK; }
`;

/** The data inside the program, what makes an arena of it and what compares. 1 is no MOTE_E code. */
const arenaSource = (data: string): string => `
__asm__(".section .rodata.parts,\\"a\\"\\n.balign ${alignBytes}\\n.globl parts_data\\nparts_data:\\n"
        ".incbin \\"${data}\\"\\n.text\\n");
extern const uint8_t parts_data[];

static void load(const struct part *p, uint8_t *arena)
{
    memset(arena, ${guardValue}, MOTE_MODEL_ARENA_BYTES);
    memcpy(arena, parts_data + p->start, p->bytes);
}

static int differs(const struct part *p, const uint8_t *arena)
{
    const uint8_t *end = parts_data + p->end;
    if (memcmp(arena, end, p->scratch) != 0) return 1;
    if (memcmp(arena + p->scratch_end, end + p->scratch_end, p->bytes - p->scratch_end) != 0) return 1;
    for (uint32_t i = p->bytes; i < MOTE_MODEL_ARENA_BYTES; i++) if (arena[i] != ${guardValue}) return 1;
    return 0;
}
`;

/** The files of a pack with the steps, to be written to `dir`, a folder of its own; without the arenas for the host. */
export function partsProgram(parts: readonly Part[], dir: string, host: boolean): PackOutput {
  const joined = join(parts);
  const [first] = parts;
  const { graph, plan, vectors } = joined;
  const { manifest, files } = emitPack({
    graph,
    plan,
    name,
    model: { file: first.file, format: 'mote', sha256: '', quantizedBy: 'file' },
    target: first.target,
    rounding: first.rounding,
    prefer: 'balance',
    vectors: { inputs: [[vectors.input]], outputs: [[vectors.output]], from: 'random' },
  });
  const { bytes, at } = dataOf(parts);
  // A compiler's cache knows the text alone, so the text names what the data is.
  const digest = createHash('sha256').update(bytes).digest('hex');
  files.set(dataFile, bytes);
  const data = host ? undefined : `${dir.replaceAll('\\', '/')}/${dataFile}`;
  files.set('parts_phase.c', `/* ${digest} */\n${driver(parts, joined, at, data)}`);
  files.set('mote_model.h', glue(String(files.get('mote_model.h')), parts.length * phases.length));
  const [layer] = manifest.layers;
  const layers = parts.flatMap(() => phases).map((_, index) => ({ ...layer, index }));
  const sources = [...manifest.files.sources, 'parts_phase.c'];
  const changed = { ...manifest, layers, files: { ...manifest.files, sources } };
  files.set('pack.json', JSON.stringify(changed));
  return { manifest: changed, files };
}
