// SPDX-License-Identifier: Apache-2.0
// What Vela leaves in a .tflite: one custom operator `ethos-u` per NPU subgraph (payload, constants, scratch, fast scratch,
// inputs), and where every tensor lies in the arena (metadata OfflineMemoryAllocation: version, subgraph, count, offsets).
import { FlatBuffer, type FlatTable } from '../../model/tflite/flatbuffer.js';
import { Buffer, Metadata, Model, Operator, OperatorCode, SubGraph, Tensor } from '../../model/tflite/schema.js';
import { type Payload, readPayload } from './payload.js';

type Broken = (reason: string) => never;

export interface EthosTensor {
  name: string;
  shape: readonly number[];
  bytes: number;
  /** In the arena. */
  offset: number;
}

export interface EthosSubgraph {
  kind: 'npu';
  payload: Payload;
  payloadBytes: Uint8Array;
  constants: Uint8Array;
  /** Where regions 1 and 2 begin in the arena. */
  scratchOffset: number;
  fastScratchOffset: number;
  scratchBytes: number;
  fastScratchBytes: number;
}

/** An operator that Vela left to the CPU. */
export interface CpuOperator {
  kind: 'cpu';
  code: number;
  /** Names of what it writes. */
  outputs: readonly string[];
}

export interface EthosModel {
  inputs: EthosTensor[];
  outputs: EthosTensor[];
  operators: (EthosSubgraph | CpuOperator)[];
  arenaBytes: number;
}

/** Bytes per element by TensorType of the TFLite schema; others do not reach an NPU. */
const elementBytes: Readonly<Record<number, number>> = { 0: 4, 2: 4, 3: 1, 7: 2, 9: 1 };
const arenaLimitBytes = 1 << 28;

const bufferBytes = (buffers: readonly FlatTable[], index: number): Uint8Array =>
  buffers[index]?.get(Buffer.data) ?? new Uint8Array(0);

/** Offsets of all tensors of the first subgraph; -1 where the runtime may choose. */
function arenaOffsets(model: FlatTable, buffers: readonly FlatTable[], tensors: number, broken: Broken): Int32Array {
  const entry = model.get(Model.metadata).find((m) => m.get(Metadata.name) === 'OfflineMemoryAllocation');
  if (!entry) return broken('it does not say where its tensors lie (OfflineMemoryAllocation)');
  const bytes = bufferBytes(buffers, entry.get(Metadata.buffer));
  const words = new Int32Array(bytes.slice(0, bytes.length & ~3).buffer);
  if (words.length < 3 + tensors || words[2] < tensors)
    broken(`OfflineMemoryAllocation places ${words[2] ?? 0} of ${tensors} tensors`);
  return words.slice(3, 3 + tensors);
}

/** Reads the NPU parts of a `.tflite` that Vela wrote; there may be none. */
export function readEthosTflite(file: Uint8Array, broken: Broken): EthosModel {
  const buffer = new FlatBuffer(file);
  const model = buffer.root();
  const buffers = model.get(Model.buffers);
  const subgraph = model.get(Model.subgraphs)[0] ?? broken('it has no subgraph');
  const tables = subgraph.get(SubGraph.tensors);
  const offsets = arenaOffsets(model, buffers, tables.length, broken);
  const tensor = (index: number): EthosTensor => {
    const table = tables[index] ?? broken(`tensor ${index} does not exist`);
    const shape = table.get(Tensor.shape);
    const unit = elementBytes[table.get(Tensor.type)] ?? broken(`tensor ${index} is of a type that no NPU takes`);
    const count = shape.reduce((a, b) => a * b, 1);
    if (!(count >= 0 && count * unit <= arenaLimitBytes))
      broken(`tensor ${index} of shape ${shape.join('x')} is not plausible`);
    return { name: table.get(Tensor.name) ?? `tensor${index}`, shape, bytes: count * unit, offset: offsets[index] };
  };
  const codes = model.get(Model.operatorCodes);
  const operators = subgraph.get(SubGraph.operators).map((op) => {
    const code = codes[op.get(Operator.opcodeIndex)] ?? broken('an operator has no code');
    if (code.get(OperatorCode.customCode) !== 'ethos-u')
      return {
        kind: 'cpu' as const,
        code: code.get(OperatorCode.builtinCode),
        outputs: op.get(Operator.outputs).map((i) => tables[i]?.get(Tensor.name) ?? ''),
      };
    return readSubgraph(op.get(Operator.inputs), tables, buffers, tensor, broken);
  });
  const inputs = subgraph.get(SubGraph.inputs).map(tensor);
  const outputs = subgraph.get(SubGraph.outputs).map(tensor);
  return { inputs, outputs, operators, arenaBytes: arenaSize([...inputs, ...outputs], operators, broken) };
}

function readSubgraph(
  inputs: readonly number[],
  tables: readonly FlatTable[],
  buffers: readonly FlatTable[],
  tensor: (index: number) => EthosTensor,
  broken: Broken,
): EthosSubgraph {
  if (inputs.length < 4) broken(`an ethos-u operator has ${inputs.length} inputs instead of 4 and more`);
  const [payload, constants, scratch, fast] = inputs;
  const data = (index: number): Uint8Array => bufferBytes(buffers, tables[index]?.get(Tensor.buffer) ?? -1);
  return {
    kind: 'npu',
    payload: readPayload(data(payload), broken),
    payloadBytes: data(payload).slice(),
    constants: data(constants).slice(),
    scratchOffset: Math.max(0, tensor(scratch).offset),
    fastScratchOffset: Math.max(0, tensor(fast).offset),
    scratchBytes: tensor(scratch).bytes,
    fastScratchBytes: tensor(fast).bytes,
  };
}

function arenaSize(ports: readonly EthosTensor[], operators: EthosModel['operators'], broken: Broken): number {
  const ends = operators.flatMap((o) =>
    o.kind === 'npu' ? [o.scratchOffset + o.scratchBytes, o.fastScratchOffset + o.fastScratchBytes] : [],
  );
  const bytes = Math.max(...ports.map((p) => p.offset + p.bytes), ...ends);
  return bytes <= arenaLimitBytes ? bytes : broken(`it wants an arena of ${bytes} bytes`);
}
