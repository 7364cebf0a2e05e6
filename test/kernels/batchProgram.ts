// SPDX-License-Identifier: Apache-2.0
// Batches of several kernels as one program: step i makes the arena of batch i, runs its calls and compares every byte, on the
// device, since a console carries an arena more slowly than the device fills it. All batches use the same arena.
import { createHash } from 'node:crypto';
import { emitPack, type PackOutput } from '../../src/emit/pack.js';
import { addTensor, emptyGraph, type Graph, type Node, type TensorId } from '../../src/model/graph.js';
import type { Plan, Step } from '../../src/plan/plan.js';
import { arenasOf, type Batch, guardValue, scratchOf } from './isaBatch.js';

const name = 'batch';
const dataFile = 'batches.bin';
/** Where the data lies in the program, so that compilers may read it by words. */
const alignBytes = 8;

interface Joined {
  graph: Graph;
  plan: Plan;
}

/** One model of all: node and tensors get numbers of their own, the layout stays. */
function join(batches: readonly Batch[]): Joined {
  const graph = emptyGraph(name, { format: 'mote', quantized: true });
  const offsetOf = new Map<TensorId, number>();
  const steps: Step[] = [];
  for (const [index, { graph: part, plan }] of batches.entries()) {
    const ids = part.tensors.map((t) => addTensor(graph, t));
    const map = (list: readonly TensorId[]): TensorId[] => list.map((id) => (id < 0 ? id : ids[id]));
    const nodes = new Map<Node, Node>(
      part.nodes.map((n) => [n, { ...n, name: `b${index}_${n.name}`, inputs: map(n.inputs), outputs: map(n.outputs) }]),
    );
    graph.nodes.push(...nodes.values());
    steps.push(...plan.steps.map((s) => ({ ...s, node: nodes.get(s.node) as Node })));
    for (const [id, offset] of plan.offsetOf) offsetOf.set(ids[id], offset);
  }
  // One port of each kind is enough: calls find all other tensors at their offsets.
  graph.inputs.push(steps[0].node.inputs[steps[0].call.inputs[0]]);
  graph.outputs.push(steps[0].node.outputs[0]);
  const arenaBytes = Math.max(...batches.map((b) => b.plan.arenaBytes));
  return { graph, plan: { steps, offsetOf, viewOf: new Map(), arenaBytes, boundBytes: arenaBytes, buffers: [] } };
}

/** Start and end of every batch, one after the other; `at` is where the two of a batch begin. */
function dataOf(batches: readonly Batch[]): { bytes: Uint8Array; at: { start: number; end: number }[] } {
  const parts: Uint8Array[] = [];
  let used = 0;
  const add = (bytes: Uint8Array): number => {
    const at = used;
    const padded = new Uint8Array(Math.ceil(bytes.length / alignBytes) * alignBytes);
    padded.set(bytes);
    parts.push(padded);
    used += padded.length;
    return at;
  };
  const at = batches.map((b) => {
    const { start, end } = arenasOf(b);
    return { start: add(start), end: add(end) };
  });
  return { bytes: Buffer.concat(parts), at };
}

const glue = (batches: readonly Batch[], hash: string, arenaBytes: number): string => `#ifndef MOTE_MODEL_H
#define MOTE_MODEL_H
#include <stdint.h>
#include "mote/mote.h"
#define MOTE_MODEL_NAME "${name}"
#define MOTE_MODEL_HASH_BYTES { ${(hash.slice(0, 16).match(/../g) as string[]).map((h) => `0x${h}`).join(', ')} }
#define MOTE_MODEL_ARENA_BYTES ${arenaBytes}
#define MOTE_MODEL_LAYERS ${batches.length}
int batches_step(int batch, uint8_t *arena);
static inline int mote_model_init(uint8_t *arena) { (void)arena; return MOTE_OK; }
static inline int mote_model_run(uint8_t *arena) { (void)arena; return MOTE_E_LAYER; }
static inline int mote_model_step(int layer, uint8_t *arena) { return batches_step(layer, arena); }
#endif
`;

/** The step of one batch; `data` is the path of the arenas, without which the caller writes and judges them. */
function driver(
  batches: readonly Batch[],
  { graph, plan }: Joined,
  at: { start: number; end: number }[],
  data: string | undefined,
): string {
  const port = ([id]: readonly TensorId[]): string => `(void *)(arena + ${plan.offsetOf.get(id)})`;
  let first = 0;
  const rows = batches.map((batch, i) => {
    const { arenaBytes, steps } = batch.plan;
    const scratch = scratchOf(batch);
    const last = first + steps.length;
    const row = `    { ${first}, ${last}, ${at[i].start}, ${at[i].end}, ${arenaBytes}, ${scratch.at}, ${scratch.end} },`;
    first = last;
    return row;
  });
  return `#include <string.h>
#include "${name}_layers.h"
#include "mote_model.h"

static const struct batch { int first, last; uint32_t start, end, bytes, scratch, scratch_end; } batches[] = {
${rows.join('\n')}
};
${data === undefined ? '' : arenaSource(data)}
int batches_step(int index, uint8_t *arena)
{
    if (index < 0 || index >= MOTE_MODEL_LAYERS) return MOTE_E_LAYER;
    const struct batch *b = &batches[index];
    ${data === undefined ? '' : 'load(b, arena);'}
    for (int i = b->first; i < b->last; i++) {
        const int result = ${name}_step(i, arena, ${port(graph.inputs)}, ${port(graph.outputs)});
        if (result != MOTE_OK) return result;
    }
    return ${data === undefined ? 'MOTE_OK' : 'differs(b, arena)'};
}
`;
}

/** The data inside the program, what makes an arena of it and what compares. 1 is no MOTE_E code. */
const arenaSource = (data: string): string => `
__asm__(".section .rodata.batches,\\"a\\"\\n.balign ${alignBytes}\\n.globl batches_data\\nbatches_data:\\n"
        ".incbin \\"${data}\\"\\n.text\\n");
extern const uint8_t batches_data[];

static void load(const struct batch *b, uint8_t *arena)
{
    memset(arena, ${guardValue}, MOTE_MODEL_ARENA_BYTES);
    memcpy(arena, batches_data + b->start, b->bytes);
}

static int differs(const struct batch *b, const uint8_t *arena)
{
    const uint8_t *end = batches_data + b->end;
    if (memcmp(arena, end, b->scratch) != 0) return 1;
    if (memcmp(arena + b->scratch_end, end + b->scratch_end, b->bytes - b->scratch_end) != 0) return 1;
    for (uint32_t i = b->bytes; i < MOTE_MODEL_ARENA_BYTES; i++) if (arena[i] != ${guardValue}) return 1;
    return 0;
}
`;

/** The files of a pack whose layers are the batches, to be written to `dir`; the arenas are in it, but for the host. */
export function batchProgram(batches: readonly Batch[], dir: string, host: boolean): PackOutput {
  const joined = join(batches);
  const [first] = batches;
  const { manifest, files } = emitPack({
    ...joined,
    name,
    model: { file: first.kernel, format: 'mote', sha256: '', quantizedBy: 'file' },
    target: first.target,
    rounding: first.rounding,
    prefer: 'balance',
    vectors: { inputs: [[first.inputs[0]]], outputs: [[first.expected[0]]], from: 'random' },
  });
  const { bytes, at } = dataOf(batches);
  // A compiler's cache knows the text alone, so the text names what the data is.
  const digest = createHash('sha256').update(bytes).digest('hex');
  files.set(dataFile, bytes);
  const data = host ? undefined : `${dir.replaceAll('\\', '/')}/${dataFile}`;
  files.set('batches.c', `/* ${digest} */\n${driver(batches, joined, at, data)}`);
  files.set('mote_model.h', glue(batches, manifest.hash, joined.plan.arenaBytes));
  const layers = manifest.layers.slice(0, batches.length);
  const sources = [...manifest.files.sources, 'batches.c'];
  const changed = { ...manifest, layers, files: { ...manifest.files, sources } };
  files.set('pack.json', JSON.stringify(changed));
  return { manifest: changed, files };
}
