// SPDX-License-Identifier: Apache-2.0
// MLPerf Tiny's tasks as its runner and its reference firmware treat them (mlcommons/tiny, benchmark/runner/tests_*.yaml
// and benchmark/reference_submissions/*/submitter_implemented.cpp).

export type MlperfTask = 'kws01' | 'vww01' | 'ic01' | 'ad01';

interface TaskRow {
  text: string;
  /** What `db` loads: the tensor's bytes, unsigned pixels (minus 128), or floats that the firmware quantizes. */
  input: 'tensor' | 'uint8' | 'float32';
  result: 'values' | 'meanSquare';
  /** `infer` of the runner's performance script. */
  inferences: number;
  warmups: number;
}

export const mlperfTasks: Record<MlperfTask, TaskRow> = {
  kws01: { text: 'keyword spotting', input: 'tensor', result: 'values', inferences: 70, warmups: 10 },
  vww01: { text: 'visual wake words', input: 'uint8', result: 'values', inferences: 20, warmups: 10 },
  ic01: { text: 'image classification', input: 'uint8', result: 'values', inferences: 20, warmups: 10 },
  ad01: { text: 'anomaly detection', input: 'float32', result: 'meanSquare', inferences: 1500, warmups: 10 },
};
