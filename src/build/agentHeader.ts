// SPDX-License-Identifier: Apache-2.0
// Pack -> mote_agent.h, by which the profiling agent (runtime-c/firmware/agent.c) knows the model's input and output.
import { fail } from '../cli/errors.js';
import type { PackManifest } from '../generated/pack.js';
import { type MlperfTask, mlperfTasks } from '../measure/mlperfTasks.js';

export interface AgentOptions {
  /** What a timestamp is: a line of text, or a fall of the marker pin. */
  mode: 'performance' | 'energy';
  /** An MLPerf Tiny task: its name, what `db` loads, what `results` prints. Else the input's bytes and the output's values. */
  task?: MlperfTask;
}

/** MLPerf Tiny's energy firmware speaks at 9600 baud, so that its pins draw little (mlcommons/tiny, th_serialport_initialize). */
export const energyBaud = 9600;

/** Leading bits of the output scale: 255 * 1000 * 2^40 fits 63 bits with room. */
const scaleBits = 40;

export function agentHeader(manifest: PackManifest, boardId: string, options: AgentOptions): string {
  const task = options.task ? mlperfTasks[options.task] : undefined;
  const [input] = manifest.inputs;
  const [output] = manifest.outputs;
  const refuse = (reason: string): never => fail('agent.model', { model: manifest.name, reason });
  if (manifest.inputs.length !== 1) refuse(`it has ${manifest.inputs.length} inputs`);
  const floatInput = task?.input === 'float32';
  const meanSquare = task?.result === 'meanSquare';
  if (task && input.dtype !== 'int8') refuse(`${options.task} wants an int8 input, it has ${input.dtype}`);
  if (output.dtype !== 'int8' && output.dtype !== 'float32') refuse(`its output is ${output.dtype}`);
  if (meanSquare && (output.dtype !== 'int8' || output.bytes !== input.bytes))
    refuse('its output must be like its input');
  const { multiplier, shift } = fixedScale(output.scale ?? 1);
  const values: [string, string | number][] = [
    ['MOTE_AGENT_NAME', `"${boardId}"`],
    ['MOTE_AGENT_MODEL', `"${options.task ?? manifest.name}"`],
    ['MOTE_AGENT_ENERGY', options.mode === 'energy' ? 1 : 0],
    ['MOTE_AGENT_BUFFER_BYTES', `${floatInput ? input.bytes * 4 : input.bytes}u`],
    ['MOTE_AGENT_INPUT_OFFSET', `${input.offset}u`],
    ['MOTE_AGENT_INPUT_BYTES', `${input.bytes}u`],
    ['MOTE_AGENT_INPUT_XOR', task?.input === 'uint8' ? '0x80u' : '0u'],
    ['MOTE_AGENT_INPUT_FLOAT', floatInput ? 1 : 0],
    ['MOTE_AGENT_INPUT_SCALE', floatLiteral(input.scale ?? 1)],
    ['MOTE_AGENT_INPUT_ZERO', input.zeroPoint ?? 0],
    ['MOTE_AGENT_OUTPUT_OFFSET', `${output.offset}u`],
    ['MOTE_AGENT_OUTPUT_COUNT', `${output.dtype === 'float32' ? output.bytes / 4 : output.bytes}u`],
    ['MOTE_AGENT_OUTPUT_FLOAT', output.dtype === 'float32' ? 1 : 0],
    ['MOTE_AGENT_OUTPUT_SCALE', `${multiplier}ll`],
    ['MOTE_AGENT_OUTPUT_SHIFT', shift],
    ['MOTE_AGENT_OUTPUT_STEP', floatLiteral(output.scale ?? 1)],
    ['MOTE_AGENT_OUTPUT_ZERO', output.zeroPoint ?? 0],
    ['MOTE_AGENT_MEAN_SQUARE', meanSquare ? 1 : 0],
  ];
  const lines = values.map(([name, value]) => `#define ${name} ${value}`);
  return `// Made by mote build; do not edit.\n#ifndef MOTE_AGENT_H\n#define MOTE_AGENT_H\n${lines.join('\n')}\n#endif\n`;
}

/** Exact for every float32: the scale as a whole number of up to 40 bits over a power of two. */
function fixedScale(scale: number): { multiplier: number; shift: number } {
  const exponent = Math.floor(Math.log2(scale)) + 1;
  const shift = Math.min(62, Math.max(1, scaleBits - exponent));
  return { multiplier: Math.round(scale * 2 ** shift), shift };
}

const floatLiteral = (value: number): string => {
  const text = String(Math.fround(value));
  return `${/[.e]/.test(text) ? text : `${text}.0`}f`;
};
