// SPDX-License-Identifier: Apache-2.0
import { basename } from 'node:path';
import { readNpy, writeNpy } from '../../model/npy.js';
import type { NpuFile } from '../../npu/npuFile.js';
import { openNpuFile } from '../../npu/openNpuFile.js';
import { grouped, right, table } from '../../report/table.js';
import { type CommandSpec, type OptionValues, text } from '../command.js';
import { fail } from '../errors.js';
import { readInput, writeOutput } from '../files.js';
import type { Answer, Output, Warning } from '../output.js';

const shape = (s: readonly number[]): string => s.join('x') || '–';

const warningsOf = (file: NpuFile): Warning[] =>
  file.check().map(({ operation, text: what }) => ({ code: 'npu.rule', text: `operation ${operation}: ${what}` }));

const headLines = (file: NpuFile, path: string): string[] => [
  `file    ${basename(path)}   ${file.format}   for ${file.device}`,
  ...file.inputs.map((p) => `input   ${shape(p.shape)}   ${grouped(p.bytes)} bytes as the file holds it`),
  ...file.outputs.map((p) => `output  ${shape(p.shape)}   ${grouped(p.bytes)} bytes`),
];

function dump(file: NpuFile, path: string, out: Output): Answer {
  const columns = [
    right('#'),
    { title: 'operation' },
    { title: 'shapes' },
    right('MAC'),
    right('bytes'),
    { title: 'place' },
  ];
  const rows = file.operations.map((op, i) => [
    String(i),
    op.name,
    `${shape(op.inputShape)} > ${shape(op.outputShape)}`,
    grouped(op.macs),
    grouped(op.parameterBytes),
    op.placement,
  ]);
  return {
    data: {
      format: file.format,
      device: file.device,
      inputs: file.inputs,
      outputs: file.outputs,
      operations: file.operations,
      findings: file.check(),
    },
    lines: [...headLines(file, path), '', ...table(columns, rows, out.width)],
    warnings: warningsOf(file),
  };
}

/** The inputs of the file in turn, split out of one buffer. */
function split(bytes: Uint8Array, sizes: readonly number[], path: string): Uint8Array[][] {
  const whole = sizes.reduce((a, b) => a + b, 0);
  if (whole === 0 || bytes.length === 0 || bytes.length % whole !== 0) {
    fail('data.broken', { path, reason: `its ${bytes.length} bytes are no multiple of the ${whole} of one sample` });
  }
  return Array.from({ length: bytes.length / whole }, (_, sample) =>
    sizes.map((size, i) => {
      const start = sample * whole + sizes.slice(0, i).reduce((a, b) => a + b, 0);
      return bytes.subarray(start, start + size);
    }),
  );
}

/** Samples from .npy (dense, in the input's shape) or from plain bytes (as the format holds them). */
async function readSamples(file: NpuFile, path: string): Promise<{ samples: Uint8Array[][]; dense: boolean }> {
  const bytes = await readInput(path);
  if (!path.endsWith('.npy'))
    return {
      samples: split(
        bytes,
        file.inputs.map((p) => p.bytes),
        path,
      ),
      dense: false,
    };
  const { dtype, data } = readNpy(bytes, path);
  if (dtype !== 'uint8' && dtype !== 'int8')
    fail('data.broken', { path, reason: `it holds ${dtype}, an NPU takes bytes` });
  const raw = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const sizes = file.inputs.map((p) => p.shape.reduce((a, b) => a * b, 1));
  return { samples: split(raw, sizes, path), dense: true };
}

async function runFile(file: NpuFile, path: string, options: OptionValues): Promise<Answer> {
  const dataPath = text(options, 'data') ?? fail('usage.bad', { what: 'npu run needs --data FILE', command: 'npu' });
  const outPath = text(options, 'out') ?? fail('usage.bad', { what: 'npu run needs --out FILE', command: 'npu' });
  const { samples, dense } = await readSamples(file, dataPath);
  const answers = samples.map((inputs) => Buffer.concat(file.run(inputs, dense)));
  const all = new Uint8Array(Buffer.concat(answers));
  const perSample = all.length / samples.length;
  await writeOutput(outPath, outPath.endsWith('.npy') ? writeNpy('uint8', [samples.length, perSample], all) : all);
  const notChecked = `not checked: ${file.notChecked.join(', ')}`;
  return {
    data: {
      samples: samples.length,
      bytesPerSample: perSample,
      out: outPath,
      notChecked: file.notChecked,
      findings: file.check(),
    },
    lines: [
      ...headLines(file, path),
      `ran     ${samples.length} sample${samples.length === 1 ? '' : 's'} in the functional model, ${grouped(perSample)} bytes each, into ${outPath}`,
      notChecked,
    ],
    warnings: warningsOf(file),
  };
}

export const npu: CommandSpec = {
  name: 'npu',
  summary: "what an NPU compiler's file holds (dump), and its answers in the functional model (run)",
  arguments: [
    { name: 'action', text: 'dump or run' },
    { name: 'file', text: '.tflite that Vela compiled (Ethos-U), or .kmodel of version 4 (K210)' },
  ],
  options: [
    { flags: '--data <file>', text: 'run: inputs; .npy in the shape of the input, else bytes as the file holds them' },
    { flags: '--out <file>', text: 'run: where the outputs go, .npy or plain bytes' },
  ],
  async run([action, path], options, out) {
    const file = openNpuFile(await readInput(path), path);
    if (action === 'dump') return dump(file, path, out);
    if (action === 'run') return runFile(file, path, options);
    return fail('usage.bad', { what: `npu does dump and run, not '${action}'`, command: 'npu' });
  },
};
