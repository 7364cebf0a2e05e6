// SPDX-License-Identifier: Apache-2.0
// Rows of operations: what of its input an operation needs for some rows of its output, and the operation for those alone.
import { isView, type MapView, type NpuOperation } from './npuOperation.js';

/** Rows [from, to). */
export interface Rows {
  from: number;
  to: number;
}

/** Whether two views are of the same bytes in the same form. */
export const sameMap = (a: MapView, b: MapView): boolean =>
  (['storage', 'offset', 'height', 'width', 'depth', 'bricks', 'strideY', 'strideX', 'strideC'] as const).every(
    (key) => a[key] === b[key],
  );

/** Rows of the input under rows of the output, and how many of those that a kernel wants lie in the padding. */
export function inputRows(operation: NpuOperation, out: Rows): Rows & { padTop: number; padBottom: number } {
  if (operation.kind === 'elementwise') return { ...out, padTop: 0, padBottom: 0 };
  const { kernel, input } = operation;
  const first = out.from * kernel.strideY - kernel.padTop;
  const last = (out.to - 1) * kernel.strideY + (kernel.height - 1) * kernel.dilationY + 1 - kernel.padTop;
  const [from, to] = [Math.max(0, first), Math.min(input.height, last)];
  return { from, to, padTop: from - first, padBottom: last - to };
}

/** Rows of a map; of a rolling one, wherever they lie in its buffer. */
export function rowsView(view: MapView, { from, to }: Rows): MapView {
  const height = to - from;
  const { rolling } = view;
  return rolling
    ? { ...view, height, rolling: { ...rolling, first: (rolling.first + from) % rolling.rows } }
    : { ...view, height, offset: view.offset + from * view.strideY };
}

/** An operand that has the output's rows; one row for all of them stays as it is. */
const operandRows = (view: MapView, whole: number, rows: Rows): MapView =>
  view.height === whole ? rowsView(view, rows) : view;

/** The operation for some rows of its output. */
export function rowsOf(operation: NpuOperation, out: Rows): NpuOperation {
  const output = rowsView(operation.output, out);
  const { from, to, padTop, padBottom } = inputRows(operation, out);
  if (operation.kind !== 'elementwise') {
    const kernel = { ...operation.kernel, padTop, padBottom };
    return { ...operation, input: rowsView(operation.input, { from, to }), output, kernel };
  }
  const { second } = operation;
  const { height } = operation.output;
  return {
    ...operation,
    input: operandRows(operation.input, height, out),
    output,
    ...(isView(second) ? { second: operandRows(second, height, out) } : {}),
  };
}
