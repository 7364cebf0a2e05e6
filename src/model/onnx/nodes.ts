// SPDX-License-Identifier: Apache-2.0
// Nodes of a graph, one after the other, into the IR. A call of one of the model's functions and an If whose condition is
// known are replaced by the nodes of their bodies.
import { maxItems } from '../limits.js';
import { nearestTo } from '../nearest.js';
import { asRefusal, Refusal, refuse } from '../refusal.js';
import { foldNode } from './fold.js';
import { OnnxNode } from './node.js';
import { operators } from './operators.js';
import { domainOf, oldestOpset, readOpsets } from './opsets.js';
import { damaged, type Meter, readMessage } from './protobuf.js';
import {
  type AttributeProto,
  type FunctionProto,
  type GraphProto,
  graph as graphType,
  type NodeProto,
} from './schema.js';
import { addUnsupported } from './unsupported.js';
import type { Values } from './values.js';

const maxDepth = 64;
/** Names and attributes of all expanded nodes: functions that call functions twice grow exponentially. */
const maxExpanded = 5 * maxItems;

/** What is the same for all nodes of a file. */
export interface Reader {
  values: Values;
  functions: ReadonlyMap<string, FunctionProto>;
  meter: Meter;
  nameOf: (wanted: string) => string;
  expanded: number;
}

/** Where nodes stand: what their names mean, and which function of which call they belong to. */
export interface Scope {
  opsets: ReadonlyMap<string, number>;
  rename: (name: string) => string;
  /** Of the call; undefined outside of functions. */
  attributes: ReadonlyMap<string, AttributeProto> | undefined;
  callers: readonly FunctionProto[];
  depth: number;
}

export const outermost = (opsets: ReadonlyMap<string, number>): Scope => ({
  opsets,
  rename: (name) => name,
  attributes: undefined,
  callers: [],
  depth: 0,
});

const keyOf = ({ domain, overload }: { domain: string; overload: string }, name: string): string =>
  JSON.stringify([domainOf(domain), name, overload]);

export function newReader(
  values: Values,
  functions: readonly FunctionProto[],
  meter: Meter,
  nameOf: (wanted: string) => string,
): Reader {
  const byKey = new Map<string, FunctionProto>();
  for (const f of functions) {
    const key = keyOf(f, f.name);
    if (byKey.has(key)) damaged(`the function '${f.name}' is there twice`);
    byKey.set(key, f);
  }
  return { values, functions: byKey, meter, nameOf, expanded: 0 };
}

export function readNodes(reader: Reader, nodes: readonly NodeProto[], scope: Scope): void {
  for (const node of nodes) readNode(reader, inScope(node, scope), scope);
}

/** The node with the names and attributes of the place where its body stands. */
function inScope(node: NodeProto, { rename, attributes, depth }: Scope): NodeProto {
  if (depth === 0 && node.attributes.every((a) => a.reference === '')) return node;
  const resolved = (a: AttributeProto): AttributeProto[] => {
    if (a.reference === '') return [a];
    if (attributes === undefined) damaged(`attribute '${a.name}' refers to a function's, but is in none`);
    const given = attributes.get(a.reference);
    return given === undefined ? [] : [{ ...given, name: a.name }];
  };
  return {
    ...node,
    input: node.input.map(rename),
    output: node.output.map(rename),
    attributes: node.attributes.flatMap(resolved),
  };
}

function readNode(reader: Reader, proto: NodeProto, scope: Scope): void {
  const { values, nameOf } = reader;
  const domain = domainOf(proto.domain);
  const operator = domain === '' ? proto.opType : `${domain}.${proto.opType}`;
  const name = nameOf(proto.name || proto.output[0] || proto.opType);
  const nodeCount = values.graph.nodes.length;
  for (const output of proto.output) values.protos.set(output, proto);
  const node = new OnnxNode(values, proto, name, scope.opsets.get(domain) ?? scope.opsets.get('') ?? oldestOpset);
  try {
    if (foldNode(node, operator)) return;
    const called = reader.functions.get(keyOf(proto, proto.opType));
    // A function that mote has as an operator of its own means the same, and that operator is faster.
    if (Object.hasOwn(operators, operator)) operators[operator](node);
    else if (called !== undefined) call(reader, called, proto, name, scope);
    else if (operator === 'If') chooseBranch(reader, node, proto, scope);
    else throw new Refusal('mote has no such operator', nearestTo(operator));
  } catch (error) {
    const refusal = asRefusal(error);
    values.graph.nodes.length = nodeCount;
    addUnsupported(values, proto, name, operator, refusal);
  }
}

// Bodies

function call(reader: Reader, f: FunctionProto, proto: NodeProto, name: string, scope: Scope): void {
  if (scope.callers.includes(f)) damaged(`its function '${f.name}' calls itself`);
  if (proto.input.length > f.inputs.length || proto.output.length > f.outputs.length)
    damaged(`node '${name}' gives its function '${f.name}' more inputs or outputs than it has`);
  const given = new Map(f.inputs.map((input, i) => [input, proto.input[i] ?? '']));
  const inner = (text: string): string => (text === '' ? '' : (given.get(text) ?? own(reader, name, text)));
  readBody(reader, name, f.nodes, {
    opsets: readOpsets(f.opsets, f.nodes, scope.opsets),
    rename: inner,
    attributes: new Map([...f.defaults, ...proto.attributes].map((a) => [a.name, a])),
    callers: [...scope.callers, f],
    depth: scope.depth + 1,
  });
  bindOutputs(reader, proto, f.outputs.map(inner), `its function '${f.name}'`);
}

/** If with a known condition: only the branch that it chooses is read. */
function chooseBranch(reader: Reader, node: OnnxNode, proto: NodeProto, scope: Scope): void {
  if (node.value(0).kind !== 'constant')
    refuse('its condition is computed, not constant', 'export the model with fixed shapes and without branches');
  const isTrue = node.constantNumber(0, 'condition') !== 0;
  const bytes = node.graphAttribute(isTrue ? 'then_branch' : 'else_branch');
  const branch = readMessage(bytes, graphType, reader.meter);
  if (branch.sparseInitializers > 0) damaged('it has sparse constants, which mote does not read');
  if (proto.output.length > branch.outputs.length) damaged(`a branch of '${node.name}' has too few outputs`);
  const computed = namesIn(branch);
  // What a branch does not compute itself it takes from around it.
  const inner = (text: string): string => (computed.has(text) ? own(reader, node.name, text) : scope.rename(text));
  for (const t of branch.initializers) reader.values.addInitializer({ ...t, name: inner(t.name) });
  readBody(reader, node.name, branch.nodes, { ...scope, rename: inner, depth: scope.depth + 1 });
  const results = branch.outputs.map((output) => inner(output.name));
  bindOutputs(reader, proto, results, `a branch of '${node.name}'`);
}

const namesIn = ({ nodes, initializers }: GraphProto): ReadonlySet<string> =>
  new Set([...nodes.flatMap((n) => n.output), ...initializers.map((t) => t.name)].filter((name) => name !== ''));

/** What a name inside a body is called outside. */
function own({ values }: Reader, around: string, name: string): string {
  values.budget.charge(around.length + name.length);
  return `${around}:${name}`;
}

function readBody(reader: Reader, around: string, nodes: readonly NodeProto[], scope: Scope): void {
  if (scope.depth > maxDepth) damaged(`its functions and branches are nested more than ${maxDepth} deep`);
  for (const n of nodes) reader.expanded += 1 + n.input.length + n.output.length + n.attributes.length;
  if (reader.expanded > maxExpanded) damaged('its functions grow out of proportion when they are expanded');
  const named = (n: NodeProto): NodeProto => (n.name === '' ? n : { ...n, name: own(reader, around, n.name) });
  readNodes(reader, nodes.map(named), scope);
}

/** The call's outputs are what the body computed under these names. */
function bindOutputs({ values }: Reader, proto: NodeProto, results: readonly string[], body: string): void {
  proto.output.forEach((output, i) => {
    if (output === '') return;
    if (!values.has(results[i])) damaged(`${body} does not compute its output ${i}`);
    values.bind(output, values.get(results[i]));
    const producer = values.protos.get(results[i]);
    if (producer !== undefined) values.protos.set(output, producer);
  });
}
