// SPDX-License-Identifier: Apache-2.0
import { expect, it } from 'vitest';
import { nearestTo } from './nearest.js';
import { operators as onnx } from './onnx/operators.js';
import { builtinName } from './tflite/builtins.js';
import { operators as tflite } from './tflite/operators.js';

/** What TensorFlow Lite Micro's AllOpsResolver registers beyond what is read here (tensorflow/lite/micro/micro_mutable_op_resolver.h). */
const refused =
  'ASSIGN_VARIABLE BATCH_TO_SPACE_ND BROADCAST_ARGS CALL_ONCE CUMSUM DYNAMIC_UPDATE_SLICE GATHER_ND IF L2_POOL_2D ' +
  'READ_VARIABLE SPACE_TO_BATCH_ND VAR_HANDLE WHILE';

it('every operator of TensorFlow Lite Micro is read or has something near it', () => {
  const names = new Set(Array.from({ length: 160 }, (_, code) => builtinName(code)));
  for (const name of refused.split(' ')) {
    expect(names, name).toContain(name);
    expect(Object.keys(tflite), name).not.toContain(name);
    expect(nearestTo(name), name).not.toMatch(/^replace /);
  }
});

it('names nothing that is there, drops domains, and says what else to do', () => {
  for (const name of ['NonZero', 'Loop', 'Unique', 'GridSample']) {
    expect(Object.keys(onnx), name).not.toContain(name);
    expect(nearestTo(name)).not.toMatch(/^replace /);
  }
  expect(nearestTo('com.microsoft.GridSample')).toBe(nearestTo('GridSample'));
  expect(nearestTo('my.domain.Thing')).toMatch(/^replace my\.domain\.Thing by operators that mote has/);
  expect(nearestTo('SignalFilterBankLog')).toMatch(/--frontend micro_speech/);
  expect(nearestTo('STABLEHLO_SORT')).toMatch(/builtins/);
});
