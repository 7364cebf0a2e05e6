// SPDX-License-Identifier: Apache-2.0
// Operations of a stream that Vela made beside those that mote emits for the same layers with the blocks that Vela chose.
import type { Graph } from '../../../../model/graph.js';
import { decodeStream } from '../../commandStream.js';
import { ethosHardware } from '../../hardware.js';
import { OperationRegisters, outputMap } from '../../operation.js';
import { type EthosSubgraph, readEthosTflite } from '../../readEthosTflite.js';
import { kernelOperations, type RegisterFile, type StreamOperation } from '../../registers.js';
import { configFor } from '../blockConfig.js';
import { emitOperation } from '../emitOperation.js';
import { lowerNode } from '../lowerNode.js';
import type { NpuOperation } from '../npuOperation.js';
import { RegisterWriter } from '../registerWriter.js';
import { cut } from '../schedule.js';
import { placeViews } from '../views.js';

const broken = (reason: string): never => {
  throw new Error(reason);
};

export interface Difference {
  /** Layer, counted from 0. */
  layer: number;
  register: string;
  ours: number;
  velas: number | undefined;
  /** The map that the register is of is one position high and wide. */
  onePosition: boolean;
}

export interface Comparison {
  operations: number;
  /** Layers of which Vela made something else: no operation of the same kind and size, or a block that does not fit it. */
  rewritten: number[];
  differences: Difference[];
}

/** Operations of a file that Vela wrote. */
export function fileOperations(file: Uint8Array): StreamOperation[] {
  const subgraph = readEthosTflite(new Uint8Array(file), broken).operators.find((o) => o.kind === 'npu');
  return decodeStream((subgraph as EthosSubgraph | undefined)?.payload.words ?? broken('no ethos-u operator'), broken);
}

/** Registers of our operation with a given block; addresses are all 0. */
function emitted(operation: NpuOperation, registers: OperationRegisters, part: string): StreamOperation | undefined {
  const block = {
    width: registers.short('OFM_BLK_WIDTH_M1') + 1,
    height: registers.short('OFM_BLK_HEIGHT_M1') + 1,
    depth: registers.short('OFM_BLK_DEPTH_M1') + 1,
  };
  const config = configFor(operation, block, ethosHardware[part]);
  if (!config) return undefined;
  const none = { region: 0, address: 0, length: 0 };
  const out = new RegisterWriter();
  const cores = Array.from({ length: ethosHardware[part].cores }, () => ({ weights: none, scales: none }));
  const parameters = operation.kind === 'conv' || operation.kind === 'depthwise' ? { parameters: cores } : {};
  emitOperation(
    out,
    { operation, config, placeOf: () => none, ...parameters, blockDependency: () => 0 },
    () => undefined,
  );
  out.operation('STOP');
  return decodeStream(Uint32Array.from(out.words), broken)[0];
}

/** Values of the registers that ours sets, as one number each. */
function registersOf({ short, long }: RegisterFile): Map<string, number> {
  const wide = Object.entries(long).map(([name, r]) => [name, r.parameter * 2 ** 32 + r.value] as const);
  return new Map([...Object.entries(short), ...wide]);
}

function differencesOf(layer: number, ours: StreamOperation, velas: StreamOperation): Difference[] {
  const [a, b] = [registersOf(ours.registers), registersOf(velas.registers)];
  const isOne = (register: string): boolean => {
    const map = register.split('_')[0];
    return a.get(`${map}_HEIGHT0_M1`) === 0 && a.get(`${map}_WIDTH0_M1`) === 0;
  };
  return [...a]
    .filter(([register, value]) => b.get(register) !== value)
    .map(([register, value]) => ({
      layer,
      register,
      ours: value,
      velas: b.get(register),
      onePosition: isOne(register),
    }));
}

/** Compares a graph's operations in turn; those that Vela cut by output channels, cut by cut. */
export function compareWithVela(graph: Graph, stream: readonly StreamOperation[], part: string): Comparison {
  const placed = placeViews(graph);
  const lowered = graph.nodes.flatMap((node) => lowerNode(node, graph, placed));
  const found: Comparison = { operations: 0, rewritten: [], differences: [] };
  let layer = 0;
  let done = 0;
  for (const velas of stream.filter((o) => kernelOperations.has(o.name))) {
    const whole = lowered[layer];
    if (!whole) break;
    const registers = new OperationRegisters(velas, broken);
    const { depth } = outputMap(registers);
    const isCut = (whole.kind === 'conv' || whole.kind === 'depthwise') && depth < whole.output.depth;
    const ours = emitted(isCut ? cut(whole, done, done + depth) : whole, registers, part);
    if (ours?.name === velas.name && ours.parameter === velas.parameter) {
      found.operations++;
      found.differences.push(...differencesOf(layer, ours, velas));
    } else found.rewritten.push(layer);
    done += depth;
    if (done < whole.output.depth) continue;
    layer++;
    done = 0;
  }
  if (layer < lowered.length)
    found.rewritten.push(...Array.from({ length: lowered.length - layer }, (_, i) => layer + i));
  return found;
}
