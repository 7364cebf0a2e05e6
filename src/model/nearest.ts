// SPDX-License-Identifier: Apache-2.0
// For operators that mote does not have: the nearest thing that works. By ONNX's names and TensorFlow Lite's.

const onHost = 'end the model before it, and do this on what the model gives (in C it is a few lines)';
const unrolled =
  'export the model with a fixed number of steps, written out; LSTM, GRU and RNN are operators of their own';
const fixedState =
  'keep state in an LSTM, GRU or SVDF, which own their buffers, or use pack --stream for windows of frames';
const noText = 'take numbers as inputs: map words to numbers before the model';
const trigonometry = 'use Sin, Cos, Tan, Asin, Acos or Atan';

const soundFrontend =
  'pack the model that takes the features, with --frontend micro_speech (the same arithmetic) or mfcc';
/** TensorFlow Lite Micro's signal library, of which its micro_speech preprocessor is made. */
const soundOperators = [
  'Window FftAutoScale Rfft Irfft Energy Framer OverlapAdd Stacker Delay PCAN FilterBank FilterBankLog',
  'FilterBankSquareRoot FilterBankSpectralSubtraction',
]
  .join(' ')
  .split(' ')
  .map((name) => `Signal${name}`);

const rows: Readonly<Record<string, string>> = {
  NonMaxSuppression: onHost,
  NON_MAX_SUPPRESSION_V4: onHost,
  NON_MAX_SUPPRESSION_V5: onHost,
  TFLite_Detection_PostProcess: onHost,
  TOPK_V2: `ARG_MAX gives the best one; else ${onHost}`,
  Unique: onHost,
  UNIQUE: onHost,
  NonZero: `the number of results depends on the data: use Where with the condition, or ${onHost}`,
  WHERE: `the number of results depends on the data: use SELECT_V2 with the condition, or ${onHost}`,
  Compress: `the number of results depends on the data: use Where with the condition, or ${onHost}`,
  RandomNormal: 'give random numbers as an input',
  RandomUniform: 'give random numbers as an input',
  RandomNormalLike: 'give random numbers as an input',
  RandomUniformLike: 'give random numbers as an input',
  Multinomial: `give the probabilities as output and draw there; mote generate does so for language models`,
  Bernoulli: 'give random numbers as an input, and compare with them',
  Loop: unrolled,
  Scan: unrolled,
  WHILE: unrolled,
  IF: 'export the model without branches, or compute both and choose with SELECT_V2',
  CALL_ONCE: fixedState,
  VAR_HANDLE: fixedState,
  READ_VARIABLE: fixedState,
  ASSIGN_VARIABLE: fixedState,
  CIRCULAR_BUFFER: 'leave it out and pack the windowed model with --stream, which makes such buffers itself',
  SPACE_TO_BATCH_ND: 'convert the model again with a current converter, which makes a dilated convolution of it',
  BATCH_TO_SPACE_ND: 'convert the model again with a current converter, which makes a dilated convolution of it',
  BROADCAST_ARGS: 'export the model with fixed shapes: it computes one',
  CONV_3D: 'use CONV_2D on frames one by one, with --stream where they come one by one',
  BIDIRECTIONAL_SEQUENCE_LSTM: 'use two UNIDIRECTIONAL_SEQUENCE_LSTM, the second on reversed input; or export to ONNX',
  UNIDIRECTIONAL_SEQUENCE_RNN: 'use UNIDIRECTIONAL_SEQUENCE_LSTM, or export to ONNX, whose RNN mote has',
  DYNAMIC_UPDATE_SLICE: 'write the sequence as one tensor; a llama2.c checkpoint runs token by token with a cache',
  RFFT2D: 'compute the spectrum before the model (pack --frontend)',
  DFT: 'compute the spectrum before the model (pack --frontend), or as a MatMul with a table of cosines and sines',
  STFT: 'compute the spectrum before the model (pack --frontend)',
  GridSample: 'use Resize, or a Gather with constant indices',
  RoiAlign: 'cut out and resize regions before the model',
  MaxUnpool: 'use Resize in mode nearest, or ConvTranspose',
  Det: 'write the determinant out for the small sizes that it has',
  CUMSUM: 'use BATCH_MATMUL with a triangle of ones, or export to ONNX, whose CumSum mote has',
  GATHER_ND: 'use GATHER along one axis, or export to ONNX, whose GatherND mote has',
  SCATTER_ND: 'choose with SELECT_V2, or export to ONNX, whose ScatterND mote has',
  ONE_HOT: 'use EQUAL with a constant row of indices, or export to ONNX, whose OneHot mote has',
  L2_POOL_2D: 'use SQUARE, AVERAGE_POOL_2D and SQRT',
  ...Object.fromEntries(soundOperators.map((op) => [op, soundFrontend])),
  Atan2: trigonometry,
  ATAN2: trigonometry,
  BitCast: 'use Cast, which keeps the number',
  StringNormalizer: noText,
  TfIdfVectorizer: noText,
  StringConcat: noText,
  RegexFullMatch: noText,
  CastMap: 'use a row of numbers as input instead of a map',
  DictVectorizer: 'use a row of numbers as input instead of a map',
  CDist:
    'export k nearest neighbours as a KMeans, a tree or a linear model, or write the distances as MatMul and sums of squares',
  StringSplit: noText,
};

/** Domains are dropped: `com.microsoft.Inverse` is looked up as it is and as `Inverse`. */
export function nearestTo(operator: string): string {
  const short = operator.slice(operator.lastIndexOf('.') + 1);
  if (Object.hasOwn(rows, operator)) return rows[operator];
  if (Object.hasOwn(rows, short)) return rows[short];
  return /^STABLEHLO_/.test(operator)
    ? 'convert the model with TensorFlow Lite builtins instead of StableHLO'
    : `replace ${operator} by operators that mote has (OPERATORS.md), or export it as a function of ONNX, whose body is read`;
}
