// SPDX-License-Identifier: Apache-2.0
// Rules of Ethos-U that the functional model does not see, checked operation by operation: a stream that breaks one
// computes the right answer here and hangs or corrupts on silicon. Facts: section 3 of the project's NPU reference, Vela's
// shared_buffer_allocation.py and register_command_stream_util.py.
import type { Finding } from '../npuFile.js';
import { blockHazards } from './blockHazards.js';
import { blockRules } from './blockRules.js';
import { ethosHardware } from './hardware.js';
import { hazards } from './hazards.js';
import { coresOf, type MapRegisters, OperationRegisters, outputMap, rangeOf } from './operation.js';
import type { EthosConfig } from './payload.js';
import { kernelOperations, type StreamOperation, weightedOperations } from './registers.js';
import { operationInputs } from './runStream.js';

type Broken = (reason: string) => never;

const mapUnit = 16;

/** Alignment of one map: bricks lie on 16 bytes, wider elements on their size. */
function mapFindings(map: MapRegisters, what: string): string[] {
  const unit = map.bricks ? mapUnit : map.elementBytes;
  const strides = {
    'stride y': map.strideY,
    'stride x': map.strideX,
    ...(map.bricks ? { 'stride c': map.strideC } : {}),
  };
  const odd = [
    ...map.bases.slice(0, usedTiles(map)).map((base, i) => [`${what} base ${i}`, base] as const),
    ...Object.entries(strides).map(([name, value]) => [`${what} ${name}`, value] as const),
  ].filter(([, value]) => value % unit !== 0);
  return odd.map(([name, value]) => `${name} is ${value}, no multiple of ${unit}`);
}

/** A map inside its first tile says nothing of the others. */
const usedTiles = (map: MapRegisters): number => (map.width > map.width0 || map.height > map.height0 ? 4 : 1);

function weightFindings(operation: StreamOperation, registers: OperationRegisters): string[] {
  if (!weightedOperations.has(operation.name)) return [];
  return coresOf(registers).flatMap((core) =>
    (['WEIGHT', 'SCALE'] as const).flatMap((what) => {
      const { base, length } = rangeOf(registers, what, core);
      const name = `${what.toLowerCase()}${core ? ' of core 1' : ''}`;
      return [
        ...(base % 16 ? [`${name} base ${base} is no multiple of 16`] : []),
        ...(length % 16 ? [`${name} length ${length} is no multiple of 16`] : []),
      ];
    }),
  );
}

function dmaFindings(registers: OperationRegisters): string[] {
  const values = {
    source: registers.address('DMA0_SRC'),
    target: registers.address('DMA0_DST'),
    length: registers.address('DMA0_LEN'),
  };
  return Object.entries(values)
    .filter(([, value]) => value % 16)
    .map(([name, value]) => `DMA ${name} ${value} is no multiple of 16`);
}

function operationFindings(operation: StreamOperation, config: EthosConfig, broken: Broken): string[] {
  const registers = new OperationRegisters(operation, broken);
  if (operation.name === 'DMA_START') return dmaFindings(registers);
  if (!kernelOperations.has(operation.name)) return [];
  const inputs = operationInputs(operation, registers);
  return [
    ...mapFindings(outputMap(registers), 'output'),
    ...inputs.flatMap((map, i) => mapFindings(map, i === 0 ? 'input' : 'second input')),
    ...weightFindings(operation, registers),
    ...blockRules(operation, registers, config),
  ];
}

/** Broken rules; `operation` counts those that `shown` keeps, as they are listed. */
export function checkStream(
  operations: readonly StreamOperation[],
  config: EthosConfig,
  shown: (operation: StreamOperation) => boolean,
  broken: Broken,
): Finding[] {
  const findings: Finding[] = [];
  if (!ethosHardware[config.id]) findings.push({ operation: 0, text: `there is no ${config.id}` });
  const hazardTexts = hazards(operations, config.product, broken);
  const blockTexts = blockHazards(operations, config, broken);
  let listed = -1;
  for (const operation of operations) {
    if (shown(operation)) listed++;
    const tooEarly = blockTexts.get(operation);
    const texts = [
      ...operationFindings(operation, config, broken),
      ...(hazardTexts.get(operation) ?? []),
      ...(tooEarly === undefined ? [] : [tooEarly]),
    ];
    findings.push(...texts.map((text) => ({ operation: listed, text })));
  }
  return findings;
}
