// SPDX-License-Identifier: Apache-2.0
// A layer with entropy-coded constants as C: a function that decodes them, and one that runs the layer on them with a copy of
// its parameters, whose pointers it sets.
import { useTrellis } from '../compress/code/constantsCode.js';
import { formCodes } from '../compress/code/forms.js';
import { piecesOf } from '../compress/code/pieces.js';
import type { ConstArray } from '../ops/op.js';
import type { Plan, Step } from '../plan/plan.js';
import { constArray, cType, structText } from './cText.js';
import { addressOf, type EmitContext, parameterSymbol, tensorCType } from './emitContext.js';

export const codedHeader = 'mote/coded.h';

export type CodedStep = Step & { coded: NonNullable<Step['coded']> };
export const isCodedStep = (step: Step): step is CodedStep => step.coded !== undefined;
export const hasCoded = (plan: Plan): boolean => plan.steps.some(isCodedStep);

/** The decoder, with what it needs for these layers only. */
export function codedIncludes(plan: Plan): string[] {
  if (!hasCoded(plan)) return [];
  const walks = plan.steps.some(({ coded }) => coded && useTrellis(coded.arrays.map((a) => a.array)));
  return [...(walks ? ['#define MOTE_CODED_WALKS'] : []), `#include "${codedHeader}"`];
}

/** Whether NAME_init has something to decode. */
export const decodesAtStart = (plan: Plan): boolean => plan.steps.some((s) => s.coded?.mode === 'start');

const operands = ({ node, call }: Step): { id: number; name: string; isInput: boolean }[] => [
  ...call.inputs.map((i, k) => ({ id: node.inputs[i], name: `input_${k}`, isInput: true })),
  ...call.outputs.map((i, k) => ({ id: node.outputs[i], name: `output_${k}`, isInput: false })),
];

/** `void kws_conv_coded(uint8_t *a, const int8_t *input_0, int8_t *output_0)` */
export function codedPrototype({ graph, name }: EmitContext, layer: string, step: CodedStep): string {
  const args = operands(step).map(
    ({ id, name: argument, isInput }) => `${isInput ? 'const ' : ''}${tensorCType(graph, id)} *${argument}`,
  );
  return `void ${parameterSymbol(name, layer)}_coded(${['uint8_t *a', ...args].join(', ')})`;
}

/** `kws_conv_coded(a, input_0, (int8_t *)(a + 8000));` */
export function codedCallText(context: EmitContext, step: CodedStep, layer: string): string {
  const args = ['a', ...operands(step).map(({ id }) => addressOf(context, id))];
  return `${parameterSymbol(context.name, layer)}_coded(${args.join(', ')});`;
}

/** The sequences of a step's constants as an initializer. */
function pieceRows({ coded }: CodedStep): string[] {
  return coded.arrays.flatMap(({ array, offset }) =>
    piecesOf(array).map((p) => {
      const numbers = [
        offset + p.offset,
        p.inner,
        p.outer,
        p.outerStride,
        p.unit,
        p.innerStride,
        p.form ? formCodes[p.form] : 0,
      ];
      return `    { ${numbers.join(', ')} }, /* ${array.name} */`;
    }),
  );
}

/** Layers of one shape share a table; by its rows. */
export function pieceTables({ name, plan }: EmitContext): Map<string, string> {
  const symbols = new Map<string, string>();
  for (const step of plan.steps.filter(isCodedStep)) {
    const rows = pieceRows(step).join('\n');
    if (!symbols.has(rows)) symbols.set(rows, `${name}_pieces_${symbols.size}`);
  }
  return symbols;
}

/** Where decoded numbers go, for all coded layers. */
export function pieceTableText(context: EmitContext): string {
  const tables = [...pieceTables(context)].map(
    ([rows, symbol]) => `static const mote_coded_piece ${symbol}[${rows.split('\n').length}] = {\n${rows}\n};\n`,
  );
  return `/* Where decoded constants go: offset, inner count, outer count and stride, bytes, inner stride, form. */
${tables.join('')}`;
}

/** `mote_decode(to, kws_conv_code, sizeof kws_conv_code, kws_pieces_0, 6);` */
function decodeText(context: EmitContext, step: CodedStep, layer: string, to: string): string {
  const symbol = parameterSymbol(context.name, layer);
  const rows = pieceRows(step);
  const table = pieceTables(context).get(rows.join('\n'));
  return `    mote_decode(${to}, ${symbol}_code, sizeof ${symbol}_code, ${table}, ${rows.length});`;
}

/** The layer's parameters without its arrays, its coded constants, and the two functions. */
export function codedLayer(context: EmitContext, step: CodedStep, layer: string): string {
  const symbol = parameterSymbol(context.name, layer);
  const { coded, call, scratchOffset } = step;
  const code: ConstArray = { name: 'code', dtype: 'uint8', data: coded.bytes, shape: [coded.bytes.length] };
  const pointers = call.params.fields.flatMap(([field, value]) => {
    if (value === null || typeof value !== 'object' || !('const' in value)) return [];
    const place = coded.arrays.find((a) => a.array === value.const);
    return [`    p.${field} = (const ${cType[value.const.dtype]} *)(void *)(to + ${place?.offset});`];
  });
  const args = ['&p', ...operands(step).map((o) => o.name), ...(call.scratchBytes > 0 ? [`a + ${scratchOffset}`] : [])];
  const decode = coded.mode === 'stream' ? `${decodeText(context, step, layer, 'to')}\n` : '';
  return `${constArray(`${symbol}_code`, code)}static ${structText(symbol, call.params, () => '0')}
MOTE_CODED_OUT_OF_LINE ${codedPrototype(context, layer, step)}
{
    uint8_t *const to = a + ${coded.offset}; /* ${coded.decodedBytes} bytes of constants */
    ${call.params.type} p = ${symbol};
${decode}${pointers.join('\n')}
    ${call.kernel}(${args.join(', ')});
}
`;
}

/** int NAME_init(void *arena) */
export function initFunction(context: EmitContext, layers: readonly string[], checks: string): string {
  const { name, plan } = context;
  const calls = plan.steps.flatMap((s, i) =>
    isCodedStep(s) && s.coded.mode === 'start' ? [decodeText(context, s, layers[i], `a + ${s.coded.offset}`)] : [],
  );
  return `
int ${name}_init(void *arena)
{
${checks}

${calls.join('\n')}
    return MOTE_OK;
}
`;
}
