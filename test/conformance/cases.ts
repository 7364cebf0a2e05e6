// SPDX-License-Identifier: Apache-2.0
// A folder of ONNX backend test cases: every folder below it that holds a model.onnx and test_data_set_N/ with
// input_*.pb and output_*.pb.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, sep } from 'node:path';
import type { TensorData } from '../../src/model/graph.js';
import { Meter, readMessage } from '../../src/model/onnx/protobuf.js';
import { tensor as tensorType } from '../../src/model/onnx/schema.js';
import { readConstant } from '../../src/model/onnx/tensors.js';

export interface Case {
  /** Path below the folder, with slashes. */
  name: string;
  model: Uint8Array;
  sets: DataSet[];
}

export interface DataSet {
  inputs: Uint8Array[];
  outputs: Uint8Array[];
}

export interface DataTensor {
  name: string;
  shape: number[];
  values: TensorData;
}

export function listCases(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith(`${sep}model.onnx`))
    .map((path) => path.slice(0, -'/model.onnx'.length).replaceAll(sep, '/'))
    .sort();
}

/** input_0.pb, input_1.pb … as far as they go. */
function readNumbered(folder: string, kind: string): Uint8Array[] {
  const files: Uint8Array[] = [];
  for (let i = 0; existsSync(join(folder, `${kind}_${i}.pb`)); i++)
    files.push(readFileSync(join(folder, `${kind}_${i}.pb`)));
  return files;
}

export function readCase(folder: string, name: string): Case {
  const path = join(folder, name);
  const sets = readdirSync(path)
    .filter((f) => f.startsWith('test_data_set_'))
    .sort()
    .map((set) => ({
      inputs: readNumbered(join(path, set), 'input'),
      outputs: readNumbered(join(path, set), 'output'),
    }));
  return { name, model: readFileSync(join(path, 'model.onnx')), sets };
}

/** Without its values, which may be of a type that mote does not read. */
export const tensorName = (bytes: Uint8Array): string => readMessage(bytes, tensorType, new Meter()).name;

export function readTensor(bytes: Uint8Array): DataTensor {
  const proto = readMessage(bytes, tensorType, new Meter());
  const { data, shape } = readConstant(proto, proto.name, () => undefined);
  if (!data) throw new Error(`'${proto.name}' has no data`);
  return { name: proto.name, shape, values: data };
}
