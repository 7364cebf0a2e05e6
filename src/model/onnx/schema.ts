// SPDX-License-Identifier: Apache-2.0
// The messages of ONNX that mote reads. Field numbers: onnx/onnx.proto of https://github.com/onnx/onnx.
import type { FieldReader, MessageType } from './protobuf.js';

export interface TensorProto {
  dims: number[];
  dataType: number;
  name: string;
  raw: Uint8Array | undefined;
  /** Packed contents, by the field that holds them. */
  floats: Uint8Array[];
  int32s: Uint8Array[];
  int64s: Uint8Array[];
  doubles: Uint8Array[];
  uint64s: Uint8Array[];
  strings: string[];
  external: boolean;
}

export interface AttributeProto {
  name: string;
  type: number;
  f: number;
  i: number;
  s: string;
  t: TensorProto | undefined;
  floats: number[];
  ints: number[];
  strings: string[];
  /** A graph, encoded: read where it is needed, so that reading the file does not recurse. */
  g: Uint8Array | undefined;
  /** Inside a function: the attribute of the call that this one takes its value from. */
  reference: string;
}

export interface NodeProto {
  input: string[];
  output: string[];
  name: string;
  opType: string;
  domain: string;
  overload: string;
  attributes: AttributeProto[];
}

/** `value` undefined: the dimension is free (a name, or nothing). */
export interface Dimension {
  value: number | undefined;
  parameter: string;
}

export interface ValueInfo {
  name: string;
  elementType: number;
  /** undefined: of unknown rank. */
  dims: Dimension[] | undefined;
}

export interface GraphProto {
  nodes: NodeProto[];
  name: string;
  initializers: TensorProto[];
  sparseInitializers: number;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  valueInfo: ValueInfo[];
}

export interface OpsetId {
  domain: string;
  version: number;
}

/** A function of the model: operators in its domain that are made of others. */
export interface FunctionProto {
  name: string;
  domain: string;
  overload: string;
  inputs: string[];
  outputs: string[];
  /** Attributes with a default. */
  defaults: AttributeProto[];
  nodes: NodeProto[];
  opsets: OpsetId[];
}

export interface ModelProto {
  irVersion: number;
  producerName: string;
  producerVersion: string;
  graph: GraphProto | undefined;
  opsets: OpsetId[];
  functions: FunctionProto[];
}

export const tensor: MessageType<TensorProto> = {
  empty: () => ({
    dims: [],
    dataType: 0,
    name: '',
    raw: undefined,
    floats: [],
    int32s: [],
    int64s: [],
    doubles: [],
    uint64s: [],
    strings: [],
    external: false,
  }),
  fields: {
    1: (m, r) => r.addNumbers(m.dims, 'int'),
    2: (m, r) => {
      m.dataType = r.int();
    },
    4: (m, r) => r.addSegment(m.floats),
    5: (m, r) => r.addSegment(m.int32s),
    6: (m, r) => r.add(m.strings, r.text()),
    7: (m, r) => r.addSegment(m.int64s),
    8: (m, r) => {
      m.name = r.text();
    },
    9: (m, r) => {
      m.raw = r.bytes();
    },
    10: (m, r) => r.addSegment(m.doubles),
    11: (m, r) => r.addSegment(m.uint64s),
    13: (m, r) => {
      r.bytes();
      m.external = true;
    },
    14: (m, r) => {
      m.external ||= r.int() === 1;
    },
  },
};

const attribute: MessageType<AttributeProto> = {
  empty: () => ({
    name: '',
    type: 0,
    f: 0,
    i: 0,
    s: '',
    t: undefined,
    floats: [],
    ints: [],
    strings: [],
    g: undefined,
    reference: '',
  }),
  fields: {
    1: (m, r) => {
      m.name = r.text();
    },
    2: (m, r) => {
      m.f = r.float();
    },
    3: (m, r) => {
      m.i = r.int();
    },
    4: (m, r) => {
      m.s = r.text();
    },
    5: (m, r) => {
      m.t = r.message(tensor);
    },
    6: (m, r) => {
      m.g = r.bytes();
    },
    7: (m, r) => r.addNumbers(m.floats, 'float'),
    9: (m, r) => void m.strings.push(r.text()),
    8: (m, r) => r.addNumbers(m.ints, 'int'),
    20: (m, r) => {
      m.type = r.int();
    },
    21: (m, r) => {
      m.reference = r.text();
    },
  },
};

const node: MessageType<NodeProto> = {
  empty: () => ({ input: [], output: [], name: '', opType: '', domain: '', overload: '', attributes: [] }),
  fields: {
    1: (m, r) => r.add(m.input, r.text()),
    2: (m, r) => r.add(m.output, r.text()),
    3: (m, r) => {
      m.name = r.text();
    },
    4: (m, r) => {
      m.opType = r.text();
    },
    5: (m, r) => r.add(m.attributes, r.message(attribute)),
    7: (m, r) => {
      m.domain = r.text();
    },
    8: (m, r) => {
      m.overload = r.text();
    },
  },
};

const dimension: MessageType<Dimension> = {
  empty: () => ({ value: undefined, parameter: '' }),
  fields: {
    1: (m, r) => {
      m.value = r.int();
    },
    2: (m, r) => {
      m.parameter = r.text();
    },
  },
};

const shape: MessageType<Dimension[]> = {
  empty: () => [],
  fields: { 1: (m, r) => r.add(m, r.message(dimension)) },
};

type TensorType = Pick<ValueInfo, 'elementType' | 'dims'>;
const tensorType: MessageType<TensorType> = {
  empty: () => ({ elementType: 0, dims: undefined }),
  fields: {
    1: (m, r) => {
      m.elementType = r.int();
    },
    2: (m, r) => {
      m.dims = r.message(shape);
    },
  },
};

const type: MessageType<{ tensor: TensorType | undefined }> = {
  empty: () => ({ tensor: undefined }),
  fields: {
    1: (m, r) => {
      m.tensor = r.message(tensorType);
    },
  },
};

const valueInfo: MessageType<ValueInfo> = {
  empty: () => ({ name: '', elementType: 0, dims: undefined }),
  fields: {
    1: (m, r) => {
      m.name = r.text();
    },
    2: (m, r) => {
      Object.assign(m, r.message(type).tensor);
    },
  },
};

export const graph: MessageType<GraphProto> = {
  empty: () => ({
    nodes: [],
    name: '',
    initializers: [],
    sparseInitializers: 0,
    inputs: [],
    outputs: [],
    valueInfo: [],
  }),
  fields: {
    1: (m, r) => r.add(m.nodes, r.message(node)),
    2: (m, r) => {
      m.name = r.text();
    },
    5: (m, r) => r.add(m.initializers, r.message(tensor)),
    11: (m, r) => r.add(m.inputs, r.message(valueInfo)),
    12: (m, r) => r.add(m.outputs, r.message(valueInfo)),
    13: (m, r) => r.add(m.valueInfo, r.message(valueInfo)),
    15: (m, r) => {
      r.bytes();
      m.sparseInitializers++;
    },
  },
};

const opset: MessageType<OpsetId> = {
  empty: () => ({ domain: '', version: 0 }),
  fields: {
    1: (m, r: FieldReader) => {
      m.domain = r.text();
    },
    2: (m, r) => {
      m.version = r.int();
    },
  },
};

const localFunction: MessageType<FunctionProto> = {
  empty: () => ({ name: '', domain: '', overload: '', inputs: [], outputs: [], defaults: [], nodes: [], opsets: [] }),
  fields: {
    1: (m, r) => {
      m.name = r.text();
    },
    4: (m, r) => r.add(m.inputs, r.text()),
    5: (m, r) => r.add(m.outputs, r.text()),
    7: (m, r) => r.add(m.nodes, r.message(node)),
    9: (m, r) => r.add(m.opsets, r.message(opset)),
    10: (m, r) => {
      m.domain = r.text();
    },
    11: (m, r) => r.add(m.defaults, r.message(attribute)),
    13: (m, r) => {
      m.overload = r.text();
    },
  },
};

export const model: MessageType<ModelProto> = {
  empty: () => ({ irVersion: 0, producerName: '', producerVersion: '', graph: undefined, opsets: [], functions: [] }),
  fields: {
    1: (m, r) => {
      m.irVersion = r.int();
    },
    2: (m, r) => {
      m.producerName = r.text();
    },
    3: (m, r) => {
      m.producerVersion = r.text();
    },
    7: (m, r) => {
      m.graph = r.message(graph);
    },
    8: (m, r) => r.add(m.opsets, r.message(opset)),
    25: (m, r) => r.add(m.functions, r.message(localFunction)),
  },
};
