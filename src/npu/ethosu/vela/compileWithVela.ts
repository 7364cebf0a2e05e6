// SPDX-License-Identifier: Apache-2.0
// Provider `vela`: the subgraph as .tflite -> Arm's compiler -> its payload, constants and places as a blob.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exec } from '../../../build/exec.js';
import { withWorkFolder } from '../../../build/workFolder.js';
import { fail } from '../../../cli/errors.js';
import type { Graph, TensorId } from '../../../model/graph.js';
import { LeftToCpu, type MemoryWish } from '../../npuBackend.js';
import { type BlobLayer, type BlobPort, blobRegions, type CompiledBlob } from '../../npuBlob.js';
import { type EthosModel, type EthosSubgraph, type EthosTensor, readEthosTflite } from '../readEthosTflite.js';
import { requireVela, velaVersion } from './findVela.js';
import { layerCycles, totalCycles } from './velaCosts.js';
import { nodeOf, tensorOf, velaFile } from './velaGraph.js';

const compileMs = 600_000;
const tool = `ethos-u-vela ${velaVersion}`;

const broken = (reason: string): never => fail('tool.failed', { tool: 'vela', reason });

interface Compiled {
  file: Uint8Array;
  summary: string;
  perLayer: string;
}

/** `size`: rows in stripes through as many operations as it takes. */
type Aim = 'Performance' | 'Size';

async function runVela(program: string, graph: Graph, config: string, aim: Aim): Promise<Compiled> {
  return withWorkFolder(async (folder) => {
    const input = join(folder, 'part.tflite');
    await writeFile(input, velaFile(graph));
    const out = join(folder, 'out');
    const args = [
      input,
      '--accelerator-config',
      config,
      '--output-dir',
      out,
      '--verbose-performance',
      '--optimise',
      aim,
    ];
    const { status, stdout, stderr } = await exec(program, args, { cwd: folder, timeoutMs: compileMs });
    const last = (stderr.trim() || stdout.trim()).split('\n').at(-1) ?? '';
    if (status !== 0) broken(last || `status ${status}`);
    const names = await readdir(out);
    const named = async (ending: RegExp): Promise<Uint8Array> => {
      const name = names.find((n) => ending.test(n)) ?? broken(`it wrote no ${ending.source}`);
      // A copy: slices of a Buffer share its memory.
      return new Uint8Array(await readFile(join(out, name)));
    };
    const text = async (ending: RegExp): Promise<string> => Buffer.from(await named(ending)).toString('utf8');
    return {
      file: await named(/_vela\.tflite$/),
      summary: await text(/_summary_.*\.csv$/),
      perLayer: await text(/_per-layer\.csv$/),
    };
  });
}

/** Nodes that Vela did not put onto the NPU. */
function requireAll(graph: Graph, { operators }: EthosModel): EthosSubgraph {
  const left = operators.flatMap((o) => (o.kind === 'cpu' ? o.outputs : []));
  const parts = operators.filter((o): o is EthosSubgraph => o.kind === 'npu');
  if (left.length === 0 && parts.length === 1) return parts[0];
  const ids = new Set(left.map(tensorOf));
  const nodes = graph.nodes.filter((n) => n.outputs.some((id) => ids.has(id)));
  throw new LeftToCpu(
    (nodes.length ? nodes : graph.nodes).map((n) => n.name),
    'Vela leaves it to the CPU',
  );
}

/** Where a tensor of the subgraph lies; Vela keeps names, and the order where it does not. */
function portOf(
  graph: Graph,
  id: TensorId,
  position: number,
  tensors: readonly EthosTensor[],
  part: EthosSubgraph,
): BlobPort {
  const found = tensors.find((t) => tensorOf(t.name) === id) ?? tensors[position] ?? broken('it lost a tensor');
  const offsetBytes = found.offset - part.scratchOffset;
  if (offsetBytes < 0 || offsetBytes + found.bytes > part.scratchBytes)
    broken(`'${graph.tensors[id].name}' lies outside of its scratch memory`);
  return { name: graph.tensors[id].name, region: blobRegions.scratch, offsetBytes, bytes: found.bytes };
}

function layersOf(graph: Graph, perLayer: string): BlobLayer[] {
  const rows = layerCycles(perLayer);
  return graph.nodes.map((node) => {
    const own = rows.filter((r) => nodeOf(graph, r.name) === node);
    const cycles = own.length ? own.reduce((sum, r) => sum + r.cycles, 0) : undefined;
    return { name: node.name, cycles };
  });
}

export async function compileWithVela(graph: Graph, config: string, wish: MemoryWish = {}): Promise<CompiledBlob> {
  const program = await requireVela();
  const usual = await compileFor(program, graph, config, wish.prefer === 'ram' ? 'Size' : 'Performance');
  const { scratchBytes, fastScratchBytes } = usual;
  const fits = scratchBytes + fastScratchBytes <= (wish.budgetBytes ?? Number.POSITIVE_INFINITY);
  return fits ? usual : compileFor(program, graph, config, 'Size');
}

async function compileFor(program: string, graph: Graph, config: string, aim: Aim): Promise<CompiledBlob> {
  const { file, summary, perLayer } = await runVela(program, graph, config, aim);
  const model = readEthosTflite(file, broken);
  const part = requireAll(graph, model);
  if (part.payload.config.id !== config) broken(`it wrote a stream for ${part.payload.config.id}, not ${config}`);
  return {
    backend: 'ethosu',
    config,
    provider: 'vela',
    tool,
    payload: part.payloadBytes,
    constants: part.constants,
    scratchBytes: part.scratchBytes,
    // Below U65 both scratches are the same memory.
    fastScratchBytes: part.payload.config.product === 'u65' ? part.fastScratchBytes : 0,
    inputs: graph.inputs.map((id, i) => portOf(graph, id, i, model.inputs, part)),
    outputs: graph.outputs.map((id, i) => portOf(graph, id, i, model.outputs, part)),
    cycles: totalCycles(summary),
    layers: layersOf(graph, perLayer),
  };
}
