// SPDX-License-Identifier: Apache-2.0
// The backend tests of ONNX (../shared/onnx-tests): what is read must compute what the test expects; what is not read
// must say so. Inputs and outputs are protobuf tensors beside each model.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PbfReader, PbfWriter } from 'pbf';
import { describe, expect, it } from 'vitest';
import { MoteError } from '../cli/errors.js';
import { evaluateGraph } from '../ops/evaluateGraph.js';
import { opSpec } from '../ops/index.js';
import { packageRoot } from '../packageRoot.js';
import type { Graph, TensorData } from './graph.js';
import { Meter, readMessage } from './onnx/protobuf.js';
import { model as modelType, tensor as tensorType } from './onnx/schema.js';
import { readConstant } from './onnx/tensors.js';
import { readOnnx } from './onnx.js';

const folder = join(packageRoot, '../shared/onnx-tests');

interface Data {
  name: string;
  values: TensorData;
}

function readData(path: string): Data {
  const proto = readMessage(readFileSync(path), tensorType, new Meter());
  return { name: proto.name, values: readConstant(proto, path, () => undefined).data ?? new Float32Array(0) };
}

/** All files `input_0.pb` … or `output_0.pb` … of a test. */
function readAll(path: string, kind: 'input' | 'output'): Data[] {
  const files = readdirSync(path).filter((f) => f.startsWith(kind));
  return files.map((_, i) => readData(join(path, `${kind}_${i}.pb`)));
}

/** The model with these tensor files as constants of its graph (field 7 of the model, field 5 of the graph). */
function withConstants(bytes: Uint8Array, tensors: readonly Uint8Array[]): Uint8Array {
  const [pbf, out] = [new PbfReader(bytes), new PbfWriter()];
  for (let field = pbf.nextField(); field !== 0; field = pbf.nextField()) {
    if (pbf.type !== 2) {
      out.writeVarintField(field, pbf.readVarint());
      continue;
    }
    const content = new PbfWriter();
    const payload = pbf.readBytes();
    if (field === 7) for (const tensor of tensors) content.writeBytesField(5, tensor);
    out.writeBytesField(field, Uint8Array.from([...payload, ...content.finish()]));
  }
  return out.finish();
}

/** Why the model cannot run, or undefined. */
function obstacle(graph: Graph): string | undefined {
  for (const node of graph.nodes) {
    if (node.op === 'unsupported') return `${String(node.attrs.operator)}: ${String(node.attrs.reason)}`;
    const reason = opSpec(node.op)?.unsupported?.(node, graph)?.reason;
    if (reason !== undefined) return `${node.op}: ${reason}`;
  }
  return undefined;
}

/** The same model for a batch of 1: every stated shape that begins with `batch` and is the input's is changed. */
function withBatchOne(bytes: Uint8Array, shape: readonly number[]): Uint8Array {
  const encoded = (dims: readonly number[]): number[] => dims.flatMap((d) => [0x0a, 0x02, 0x08, d]);
  const [wanted, replacement] = [encoded(shape), encoded([1, ...shape.slice(1)])];
  const copy = Uint8Array.from(bytes);
  for (let at = 0; at + wanted.length <= copy.length; at++) {
    if (wanted.every((b, i) => copy[at + i] === b)) copy.set(replacement, at);
  }
  return copy;
}

interface Case {
  graph: Graph;
  /** How many inputs the data holds beside each other; only the first is used. */
  batch: number;
}

/** A sentence for the user counts as an answer; anything else that is thrown fails the test. */
function orSentence<T>(action: () => T): T | MoteError {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof MoteError)) throw error;
    expect(error.exit).toBe(3);
    return error;
  }
}

function readCase(bytes: Uint8Array): Case | MoteError {
  const graph = orSentence(() => readOnnx(bytes, 'test'));
  if (!(graph instanceof MoteError)) return { graph, batch: 1 };
  if (!/batch size is/.test(graph.message)) return graph;
  const input = readMessage(bytes, modelType, new Meter()).graph?.inputs[0];
  const shape = input?.dims?.map((d) => d.value ?? 0) ?? [];
  return { graph: readOnnx(withBatchOne(bytes, shape), 'test'), batch: shape[0] };
}

/** `passed`, or why not. Wrong numbers fail the test. */
function runModel(path: string, bytes: Uint8Array): string {
  const read = readCase(bytes);
  if (read instanceof MoteError) return `refused: ${read.message}`;
  const { graph, batch } = read;
  const reason = obstacle(graph);
  if (reason !== undefined) return `unsupported: ${reason}`;
  const data = join(path, 'test_data_set_0');
  const first = (values: TensorData): TensorData => values.subarray(0, values.length / batch);
  const files = readAll(data, 'input');
  const inputs = graph.inputs.map((id, i) =>
    first((files.find((f) => f.name === graph.tensors[id].name) ?? files[i]).values),
  );
  const outputs = orSentence(() => evaluateGraph(graph, inputs, { rounding: 'single' }));
  if (outputs instanceof MoteError) return `refused: ${outputs.message}`;
  readAll(data, 'output').forEach(({ values }, i) => {
    const wanted = first(values);
    expect(outputs[i].length, `${path} output ${i}`).toBe(wanted.length);
    const worst = Math.max(
      0,
      ...Array.from(outputs[i] as Float32Array, (v, k) => difference(Number(v), Number(wanted[k]))),
    );
    expect(worst, `${path} output ${i}`).toBeLessThan(1e-5);
  });
  return 'passed';
}

/** The tests hand over weights, axes and scales as inputs; a model has them as constants. Both are tried. */
function runCase(path: string): string {
  const model = readFileSync(join(path, 'model.onnx'));
  const data = join(path, 'test_data_set_0');
  const count = readdirSync(data).filter((f) => f.startsWith('input')).length;
  const inputs = Array.from({ length: count }, (_, i) => readFileSync(join(data, `input_${i}.pb`)));
  const asIs = runModel(path, model);
  const attempts = [asIs];
  for (const from of [1, 0]) {
    if (attempts.at(-1) !== 'passed' && count > from)
      attempts.push(runModel(path, withConstants(model, inputs.slice(from))));
  }
  return attempts.at(-1) === 'passed' ? 'passed' : asIs;
}

const difference = (a: number, b: number): number => (a === b ? 0 : Math.abs(a - b) / (1 + Math.abs(b)));

/** The tests (without `test_`) that must pass. Anything else may be refused, but never be wrong. */
const required: Readonly<Record<string, string>> = {
  node: `
    add add_bcast averagepool_2d_ceil averagepool_2d_default averagepool_2d_pads
    averagepool_2d_pads_count_include_pad averagepool_2d_precomputed_strides averagepool_2d_same_lower
    averagepool_2d_same_upper averagepool_2d_strides basic_conv_with_padding batchnorm_epsilon batchnorm_example
    cast_FLOAT_to_DOUBLE clip clip_default_inbounds clip_default_max clip_example clip_splitbounds
    concat_1d_axis_0 concat_2d_axis_negative_1 concat_3d_axis_2 concat_3d_axis_negative_1
    concat_3d_axis_negative_3 constant constantofshape_float_ones conv_with_autopad_same
    conv_with_strides_and_asymmetric_padding conv_with_strides_no_padding conv_with_strides_padding div_bcast
    dropout_default dropout_default_old flatten_negative_axis4 gather_0 gather_2d_indices gather_negative_indices
    gemm_all_attributes gemm_default_matrix_bias gemm_default_scalar_bias gemm_transposeB hardsigmoid hardswish
    matmul_2d
    matmul_3d matmul_4d max_example max_float64 max_one_input maxpool_1d_default
    maxpool_2d_ceil_output_size_reduce_by_one maxpool_2d_default maxpool_2d_precomputed_strides
    maxpool_2d_same_lower min_float16 min_one_input mul mul_bcast mul_uint8 quantizelinear quantizelinear_axis
    reduce_mean_default_axes_keepdims_example reduce_mean_default_axes_keepdims_random
    reduce_mean_do_not_keepdims_example reduce_mean_do_not_keepdims_random reduce_mean_keepdims_example
    reduce_mean_keepdims_random reduce_mean_negative_axes_keepdims_example
    reduce_mean_negative_axes_keepdims_random reshape_allowzero_reordered reshape_negative_dim reshape_one_dim
    reshape_reordered_all_dims reshape_reordered_last_dims shape_clip_end shape_clip_start shape_start_1
    shape_start_1_end_2 shape_start_1_end_negative_1 shape_start_negative_1 sigmoid slice_default_axes slice_neg
    slice_negative_axes softmax_axis_2 softmax_example softmax_large_number softmax_negative_axis
    split_equal_parts_1d_opset13 split_equal_parts_1d_opset18 split_equal_parts_default_axis_opset13
    split_equal_parts_default_axis_opset18 split_variable_parts_1d_opset13 split_variable_parts_1d_opset18
    sub_bcast sum_one_input tanh tanh_example transpose_all_permutations_0 transpose_all_permutations_1
    transpose_all_permutations_2 transpose_all_permutations_4 transpose_all_permutations_5 unsqueeze_axis_1
    unsqueeze_negative_axes unsqueeze_three_axes unsqueeze_two_axes`,
  'pytorch-converted': `
    AvgPool1d_stride AvgPool2d_stride BatchNorm2d_eval Conv1d Conv1d_pad1 Conv1d_pad1size1 Conv1d_stride Conv2d
    Conv2d_depthwise Conv2d_dilated Conv2d_groups Conv2d_groups_thnn Conv2d_strided LeakyReLU Linear_no_bias
    MaxPool1d_stride_padding_dilation MaxPool2d_stride_padding_dilation PixelShuffle Softmax Tanh ZeroPad2d`,
  'pytorch-operator': `
    operator_addmm operator_clip operator_flatten operator_mm operator_reduced_mean operator_reduced_mean_keepdim
    operator_view`,
};

describe.skipIf(!existsSync(folder))('ONNX backend tests (../shared/onnx-tests)', () => {
  for (const group of existsSync(folder) ? readdirSync(folder) : []) {
    it(`${group}: computes what is expected, or says why not`, () => {
      const passed = readdirSync(join(folder, group)).filter((name) => runCase(join(folder, group, name)) === 'passed');
      const missing = required[group]
        .trim()
        .split(/\s+/)
        .filter((name) => !passed.includes(`test_${name}`));
      expect(missing).toEqual([]);
    });
  }
});
