// SPDX-License-Identifier: Apache-2.0
// A pack folder on disk, checked before anything in it is used.
import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { buildWasm } from './build/wasm.js';
import { fail } from './cli/errors.js';
import { readInput, readNpyFile } from './cli/files.js';
import { parseHistograms, type WeightHistograms } from './compress/weightHistograms.js';
import { parseFrontend } from './frontend/frontendSpec.js';
import { prependFrontend } from './frontend/prependFrontend.js';
import type { PackManifest, PackPort } from './generated/pack.js';
import { elementCount, type Graph, type TensorData } from './model/graph.js';
import { asInFile } from './model/tflite/writeGraph.js';
import { backendOf } from './npu/backends.js';
import { partition } from './npu/partition.js';
import { importModel } from './packModel.js';
import { byFrames } from './passes/byFrames.js';
import { parseJson } from './schema.js';

export interface PackFolder {
  dir: string;
  manifest: PackManifest;
}

const allFiles = (m: PackManifest): string[] => [
  m.files.header,
  ...m.files.sources,
  ...m.files.layerSources,
  ...m.files.kernels,
  'mote_model.h',
  ...m.vectors.inputs,
  ...m.vectors.outputs,
];

/** Reads pack.json and makes sure that what it names is there. */
export async function openPack(dir: string): Promise<PackFolder> {
  const info = await stat(dir).catch(() => undefined);
  if (!info?.isDirectory()) fail('pack.broken', { path: dir, reason: info ? 'it is no folder' : 'it is not there' });
  const path = join(dir, 'pack.json');
  const text = await readInput(path).catch(() => fail('pack.broken', { path: dir, reason: 'it has no pack.json' }));
  const manifest = parseJson('pack', Buffer.from(text).toString('utf8'), path);
  for (const file of allFiles(manifest)) {
    if (!(await stat(join(dir, file)).catch(() => undefined))?.isFile())
      fail('pack.broken', { path: dir, reason: `${file} is missing` });
  }
  return { dir, manifest };
}

/** One port's test vectors, sample by sample. */
async function readVectors(dir: string, file: string, port: PackPort, count: number): Promise<TensorData[]> {
  const path = join(dir, file);
  const array = await readNpyFile(path);
  const perSample = elementCount(port.shape);
  const wanted = port.dtype === 'bool' ? array.dtype : port.dtype;
  if (array.dtype !== wanted || array.data.length !== count * perSample)
    fail('pack.broken', { path, reason: 'the test vectors do not fit the model' });
  return Array.from({ length: count }, (_, k) => array.data.slice(k * perSample, (k + 1) * perSample));
}

/** vectors[k][i]: sample k, port i. */
export async function loadVectors({
  dir,
  manifest,
}: PackFolder): Promise<{ inputs: TensorData[][]; outputs: TensorData[][] }> {
  const { count, inputs, outputs } = manifest.vectors;
  const load = async (files: readonly string[], ports: readonly PackPort[]): Promise<TensorData[][]> => {
    const perPort = await Promise.all(files.map((f, i) => readVectors(dir, f, ports[i], count)));
    return Array.from({ length: count }, (_, k) => perPort.map((p) => p[k]));
  };
  return { inputs: await load(inputs, manifest.inputs), outputs: await load(outputs, manifest.outputs) };
}

/** The folder whose C this machine can run: the pack itself, or the plain one that it carries. */
export async function openHostPack(folder: PackFolder): Promise<PackFolder> {
  const { host } = folder.manifest;
  return host === undefined ? folder : openPack(join(folder.dir, host));
}

/** The pack as a WebAssembly module of its plain C, and the manifest that goes with it. */
export async function buildHost(folder: PackFolder): Promise<{ wasm: Uint8Array; manifest: PackManifest }> {
  const { dir, manifest } = await openHostPack(folder);
  return { wasm: await buildWasm(dir, manifest), manifest };
}

/** The same of the pack's own C, where that is for this machine and no plain C: a pack for wasm32 with SIMD. */
export async function buildOwn({
  dir,
  manifest,
}: PackFolder): Promise<{ wasm: Uint8Array; manifest: PackManifest } | undefined> {
  if (manifest.target !== 'wasm32' || manifest.host === undefined) return undefined;
  return { wasm: await buildWasm(dir, manifest), manifest };
}

/** The float model that mote quantized, where the pack has it. */
export async function floatGraph({ dir, manifest }: PackFolder): Promise<Graph | undefined> {
  const { float } = manifest.model;
  return float === undefined ? undefined : readCopy(dir, manifest, float);
}

/** Weights of each layer before and after, where the pack has them. */
export async function readHistograms({ dir, manifest }: PackFolder): Promise<WeightHistograms> {
  const { histograms } = manifest.model;
  if (histograms === undefined) return { layers: [] };
  return parseHistograms(new TextDecoder().decode(await readInput(join(dir, histograms))), dir);
}

/** The model that the pack was made from, when the pack must equal it; with an NPU of its own arithmetic, its parts as they
 *  are compiled for it. */
export async function referenceGraph({ dir, manifest }: PackFolder): Promise<Graph | undefined> {
  const { copy } = manifest.model;
  if (!copy) return undefined;
  const model = await readCopy(dir, manifest, copy);
  const whole = manifest.frontend ? prependFrontend(model, parseFrontend(manifest.frontend.text)) : model;
  const graph = manifest.frames ? byFrames(whole).graph : whole;
  const { npu } = manifest;
  if (!npu || backendOf(npu.backend).exact) return graph;
  return (await partition(asInFile(graph), npu)).graph;
}

async function readCopy(dir: string, manifest: PackManifest, copy: string): Promise<Graph> {
  const bytes = await readInput(join(dir, copy));
  if (createHash('sha256').update(bytes).digest('hex') !== manifest.model.sha256)
    fail('pack.broken', { path: dir, reason: `${copy} is not the model that was packed` });
  return importModel(bytes, manifest.model.file);
}
