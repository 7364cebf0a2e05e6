// SPDX-License-Identifier: Apache-2.0
// "Right on the PC, wrong on the chip" as one question: runs inputs on a device and on the host, compares every output
// bit, and on a difference steps both through the model to name the first layer and element that differ.
import { fail } from '../cli/errors.js';
import type { PackManifest, PackPort } from '../generated/pack.js';
import type { Device, DeviceInfo, Window } from './device.js';
import { firstDifference, type TensorDifference } from './difference.js';
import { stepOrNone } from './stepOrNone.js';

export interface RunDifference extends TensorDifference {
  /** Index of the input. */
  input: number;
  /** Left out when the layers agree one by one and only the whole run differs; `tensor` is an output then. */
  layer?: { index: number; name: string };
}

export interface RunTiming {
  source: DeviceInfo['counter']['source'];
  unit: DeviceInfo['counter']['unit'];
  /** One count per input. */
  perInference: number[];
  /** One count per layer, of the first input; none where the firmware does not count single layers. */
  perLayer: number[];
}

export interface RunReport {
  compared: number;
  equal: number;
  /** The device's outputs: per input, per output of the model. */
  outputs: Uint8Array[][];
  firstDifference?: RunDifference;
  timing: RunTiming;
}

export interface RunOptions {
  limit?: number;
  /** Of the host's own pack, where it has one. */
  hostManifest?: PackManifest;
  /** What lives between inferences is cleared before each input, not only before the first. */
  resetEach?: boolean;
}

/** `inputs[i]` holds the bytes of each model input of sample i. */
export async function runInputs(
  device: Device,
  host: Device,
  manifest: PackManifest,
  inputs: readonly Uint8Array[][],
  options: RunOptions = {},
): Promise<RunReport> {
  checkModel(device, manifest);
  const hostManifest = options.hostManifest ?? manifest;
  const report: RunReport = {
    compared: 0,
    equal: 0,
    outputs: [],
    timing: { ...device.info.counter, perInference: [], perLayer: [] },
  };
  const sides: [Side, Side] = [
    { device, manifest },
    { device: host, manifest: hostManifest },
  ];
  await resetBoth(sides);
  for (const sample of inputs.slice(0, options.limit)) {
    if (options.resetEach && report.compared > 0) await resetBoth(sides);
    const expected = await infer(host, hostManifest, sample);
    const got = await infer(device, manifest, sample);
    const difference = differenceOf(manifest.outputs, expected.outputs, got.outputs);
    if (difference) report.firstDifference ??= { input: report.compared, ...difference };
    else report.equal++;
    report.compared++;
    report.outputs.push(got.outputs);
    report.timing.perInference.push(got.count);
  }
  const different = report.firstDifference;
  if (different) {
    await resetBoth(sides);
    if (manifest.states && !options.resetEach) await replay(sides, inputs.slice(0, different.input));
    report.firstDifference = (await stepBoth(...sides, inputs[different.input], different)) ?? different;
  }
  if (report.compared > 0) report.timing.perLayer = await countLayers(device, manifest, inputs[0]);
  return report;
}

/** Refuses a device that runs other than this pack. */
export function checkModel(device: Device, manifest: PackManifest): void {
  const { board, model, hash, arenaBytes, layers } = device.info;
  const same =
    manifest.hash.startsWith(hash) && arenaBytes === manifest.arenaBytes && layers === manifest.layers.length;
  if (same) return;
  // The same hash: somebody changed pack.json.
  const edited = manifest.hash.startsWith(hash);
  const sizes = (arena: number, count: number): string => (edited ? `, ${arena} bytes of arena, ${count} layers` : '');
  fail('device.wrongModel', {
    board,
    got: `${model} ${hash}${sizes(arenaBytes, layers)}`,
    expected: `${manifest.name} ${manifest.hash.slice(0, 16)}${sizes(manifest.arenaBytes, manifest.layers.length)}`,
  });
}

async function infer(device: Device, manifest: PackManifest, sample: readonly Uint8Array[]) {
  await writeInputs(device, manifest, sample);
  const { count } = checkWindow(device, await device.run(), 'the model');
  return { count, outputs: await readPorts(device, manifest.outputs) };
}

/** A pack without state is not asked: older firmware does not know the request. */
async function resetBoth(sides: readonly Side[]): Promise<void> {
  for (const { device, manifest } of sides) if (manifest.states) await device.reset();
}

/** Both to where they are after these inputs. */
async function replay(sides: readonly Side[], inputs: readonly Uint8Array[][]): Promise<void> {
  for (const sample of inputs) for (const { device, manifest } of sides) await infer(device, manifest, sample);
}

async function writeInputs(device: Device, manifest: PackManifest, sample: readonly Uint8Array[]): Promise<void> {
  for (const [i, port] of manifest.inputs.entries()) {
    if (sample[i]?.length !== port.bytes) {
      throw new Error(`input '${port.name}' wants ${port.bytes} bytes, got ${sample[i]?.length ?? 'none'}`);
    }
    await device.write(port.offset, sample[i]);
  }
}

async function readPorts(device: Device, ports: readonly PackPort[]): Promise<Uint8Array[]> {
  const out: Uint8Array[] = [];
  for (const port of ports) out.push(await device.read(port.offset, port.bytes));
  return out;
}

function checkWindow(device: Device, window: Window, what: string): Window {
  const { board } = device.info;
  if (!window.guardIntact) fail('device.guard', { board });
  if (window.result !== 0) fail('device.fault', { board, reason: `${what} returned error ${window.result}` });
  return window;
}

function differenceOf(
  ports: readonly PackPort[],
  expected: readonly Uint8Array[],
  got: readonly Uint8Array[],
): TensorDifference | undefined {
  for (const [i, port] of ports.entries()) {
    const difference = firstDifference(port, expected[i], got[i]);
    if (difference) return difference;
  }
  return undefined;
}

interface Side {
  device: Device;
  /** Of the pack that this side runs: the layers are the same on both, their places in the arena may not be. */
  manifest: PackManifest;
}

/** Both through the sample, layer by layer, until a layer's output differs; undefined where that cannot be told. */
async function stepBoth(
  board: Side,
  host: Side,
  sample: readonly Uint8Array[],
  { input }: RunDifference,
): Promise<RunDifference | undefined> {
  for (const side of [host, board]) await writeInputs(side.device, side.manifest, sample);
  for (const { index, name, outputs } of board.manifest.layers) {
    for (const { device } of [host, board]) {
      const window = await stepOrNone(() => device.step(index));
      if (!window) return undefined;
      checkWindow(device, window, `layer ${index} '${name}'`);
    }
    const expected = await readPorts(host.device, host.manifest.layers[index].outputs);
    const difference = differenceOf(outputs, expected, await readPorts(board.device, outputs));
    if (difference) return { input, layer: { index, name }, ...difference };
  }
  return undefined;
}

async function countLayers(device: Device, manifest: PackManifest, sample: readonly Uint8Array[]): Promise<number[]> {
  await writeInputs(device, manifest, sample);
  const counts: number[] = [];
  for (const { index, name } of manifest.layers) {
    const window = await stepOrNone(() => device.step(index));
    if (!window) return [];
    counts.push(checkWindow(device, window, `layer ${index} '${name}'`).count);
  }
  return counts;
}
