// SPDX-License-Identifier: Apache-2.0
// The firmware's C knows its model and its options by headers: each combination that compiles other code.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentOptions, agentHeader } from '../../src/build/agentHeader.js';
import { writeMiniPack } from '../../src/build/testing/miniPack.js';
import type { PackManifest, PackPort } from '../../src/generated/pack.js';

export interface AgentVariant {
  name: string;
  agent: AgentOptions;
  outputType: 'int8' | 'float32';
  /** Defines of the build. */
  defines: readonly string[];
}

export const agentVariants: readonly AgentVariant[] = [
  { name: 'integers', agent: { mode: 'performance' }, outputType: 'int8', defines: ['MOTE_AGENT=1'] },
  {
    name: 'floats out, energy, no layers',
    agent: { mode: 'energy' },
    outputType: 'float32',
    defines: ['MOTE_AGENT=1', 'MOTE_NO_LAYERS=1'],
  },
  {
    name: 'pixels in',
    agent: { mode: 'performance', task: 'vww01' },
    outputType: 'int8',
    defines: ['MOTE_AGENT=1'],
  },
  {
    name: 'floats in, mean square out',
    agent: { mode: 'performance', task: 'ad01' },
    outputType: 'int8',
    defines: ['MOTE_AGENT=1'],
  },
];

/** Writes mote_model.h and mote_agent.h of a model of two layers, 16 bytes in and out, into this folder. */
export async function writeVariant(folder: string, { agent, outputType }: AgentVariant): Promise<PackManifest> {
  const mini = await writeMiniPack(folder);
  const port = (p: PackPort, dtype: PackPort['dtype'], offset: number): PackPort => ({
    ...p,
    dtype,
    bytes: 16,
    offset,
  });
  const scaled = { scale: 0.05, zeroPoint: -3 };
  const manifest: PackManifest = {
    ...mini,
    inputs: [{ ...port(mini.inputs[0], 'int8', 0), ...scaled }],
    outputs: [{ ...port(mini.outputs[0], outputType, 32), ...(outputType === 'int8' && scaled) }],
  };
  await writeFile(join(folder, 'mote_agent.h'), agentHeader(manifest, 'harness', agent));
  return manifest;
}
