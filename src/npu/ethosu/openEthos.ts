// SPDX-License-Identifier: Apache-2.0
// A .tflite that Vela compiled, as an NpuFile: what `mote npu` shows of it and runs.
import { fail } from '../../cli/errors.js';
import type { Finding, NpuFile, NpuOperation } from '../npuFile.js';
import { checkStream } from './checkStream.js';
import { decodeStream } from './commandStream.js';
import { ethosNotChecked } from './notChecked.js';
import { coresOf, inputSize, kernelOf, OperationRegisters, outputMap, rangeOf } from './operation.js';
import { type EthosModel, type EthosSubgraph, readEthosTflite } from './readEthosTflite.js';
import { elementwiseModes, kernelOperations, poolModes, type StreamOperation } from './registers.js';
import { runStream } from './runStream.js';

type Broken = (reason: string) => never;

/** Operations worth a line: waits and the end are none. */
const shown: ReadonlySet<string> = new Set([...kernelOperations, 'DMA_START']);

function describe(operation: StreamOperation, broken: Broken): NpuOperation {
  const registers = new OperationRegisters(operation, broken);
  if (operation.name === 'DMA_START') {
    const bytes = registers.address('DMA0_LEN');
    const place = `${registers.short('DMA0_SRC_REGION')}:${registers.address('DMA0_SRC')} > ${registers.short('DMA0_DST_REGION') & 0xff}:${registers.address('DMA0_DST')}`;
    return { name: 'dma', inputShape: [], outputShape: [], macs: 0, parameterBytes: bytes, placement: place };
  }
  const output = outputMap(registers);
  const outputShape = [output.height, output.width, output.depth];
  const place = `${registers.short('IFM_REGION')}:${registers.address('IFM_BASE0')} > ${output.region}:${output.bases[0]}`;
  if (operation.name === 'ELEMENTWISE') {
    const name = elementwiseModes[operation.parameter] ?? `elementwise ${operation.parameter}`;
    return { name, inputShape: outputShape, outputShape, macs: 0, parameterBytes: 0, placement: place };
  }
  const kernel = kernelOf(registers);
  const depth = registers.short('IFM_DEPTH_M1') + 1;
  const { height, width } = inputSize(output, kernel);
  const size = `${kernel.height}x${kernel.width}`;
  const positions = output.height * output.width * output.depth * kernel.height * kernel.width;
  const isPool = operation.name === 'POOL';
  const names = {
    CONV: 'conv',
    DEPTHWISE: 'depthwise',
    POOL: `${poolModes[operation.parameter] ?? 'pool'} pool`,
  } as const;
  return {
    name: `${names[operation.name as keyof typeof names]} ${size}`,
    inputShape: [height, width, depth],
    outputShape,
    macs: isPool ? 0 : positions * (operation.name === 'CONV' ? depth : 1),
    parameterBytes: isPool
      ? 0
      : coresOf(registers).reduce<number>(
          (sum, core) => sum + rangeOf(registers, 'WEIGHT', core).length + rangeOf(registers, 'SCALE', core).length,
          0,
        ),
    placement: place,
  };
}

interface Part {
  subgraph: EthosSubgraph;
  operations: StreamOperation[];
  weights: Map<string, Int16Array>;
}

/** Memory of the regions of one subgraph; on U65 the fast scratch is a memory of its own. */
function regionsOf({ subgraph }: Part, arena: Uint8Array): Uint8Array[] {
  const { config } = subgraph.payload;
  const fast =
    config.product === 'u65'
      ? new Uint8Array(Math.max(subgraph.fastScratchBytes, 1 << 20))
      : arena.subarray(subgraph.fastScratchOffset);
  return [subgraph.constants, arena.subarray(subgraph.scratchOffset), fast, new Uint8Array(config.shramKib * 1024)];
}

function runModel(
  model: EthosModel,
  parts: readonly Part[],
  inputs: readonly Uint8Array[],
  path: string,
): Uint8Array[] {
  const broken: Broken = (reason) => fail('npu.broken', { path, reason });
  const left = model.operators.find((o) => o.kind === 'cpu');
  if (left?.kind === 'cpu') fail('npu.operator', { path, operator: `TFLite ${left.code}` });
  const homeless = [...model.inputs, ...model.outputs].find((port) => port.offset < 0);
  if (homeless) broken(`'${homeless.name}' has no place in the arena`);
  const arena = new Uint8Array(model.arenaBytes);
  for (const [i, port] of model.inputs.entries()) {
    const data = inputs[i] ?? broken(`it has ${model.inputs.length} inputs, ${inputs.length} were given`);
    if (data.length !== port.bytes)
      fail('data.shape', { path: `input ${i}`, got: `${data.length} bytes`, expected: `${port.bytes} bytes` });
    arena.set(data, port.offset);
  }
  for (const part of parts) {
    const run = {
      config: part.subgraph.payload.config,
      regions: regionsOf(part, arena),
      broken,
      weights: part.weights,
    };
    runStream(run, part.operations);
  }
  return model.outputs.map((port) => arena.slice(port.offset, port.offset + port.bytes));
}

/** Findings of all subgraphs, numbered as the operations are listed. */
function checkParts(parts: readonly Part[], broken: Broken): Finding[] {
  let listed = 0;
  return parts.flatMap(({ subgraph, operations }) => {
    const first = listed;
    listed += operations.filter((o) => shown.has(o.name)).length;
    const findings = checkStream(operations, subgraph.payload.config, (o) => shown.has(o.name), broken);
    return findings.map(({ operation, text }) => ({ operation: first + operation, text }));
  });
}

/** Opens a .tflite that Vela wrote. */
export function openEthos(bytes: Uint8Array, path: string): NpuFile {
  const broken: Broken = (reason) => fail('npu.broken', { path, reason });
  const model = readEthosTflite(bytes, broken);
  if (!model.operators.some((o) => o.kind === 'npu')) broken('it has no ethos-u operator: Vela has not compiled it');
  const subgraphs = model.operators.filter((o): o is EthosSubgraph => o.kind === 'npu');
  const parts = subgraphs.map((subgraph) => ({
    subgraph,
    operations: decodeStream(subgraph.payload.words, broken),
    weights: new Map<string, Int16Array>(),
  }));
  return {
    format: 'tflite with ethos-u',
    device: subgraphs[0].payload.config.id,
    inputs: model.inputs.map(({ shape, bytes: size }) => ({ shape, bytes: size })),
    outputs: model.outputs.map(({ shape, bytes: size }) => ({ shape, bytes: size })),
    operations: parts.flatMap((part) =>
      part.operations.filter((o) => shown.has(o.name)).map((o) => describe(o, broken)),
    ),
    notChecked: ethosNotChecked,
    check: () => checkParts(parts, broken),
    run: (inputs) => runModel(model, parts, inputs, path),
  };
}
