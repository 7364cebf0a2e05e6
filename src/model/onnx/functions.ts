// SPDX-License-Identifier: Apache-2.0
// Rows of the functions of one number. Defaults of attributes: onnx/defs/math/defs.cc.
import type { Attrs } from '../graph.js';
import { type Convert, unary } from './elementwise.js';
import type { OnnxNode } from './node.js';

/** Finite float attributes and their defaults. */
const numbers =
  (defaults: Readonly<Record<string, number>>) =>
  (n: OnnxNode): Attrs =>
    Object.fromEntries(
      Object.entries(defaults).map(([name, byDefault]) => {
        const value = n.float(name, byDefault);
        return [name, Number.isFinite(value) ? value : n.broken(`${name} is ${value}`)];
      }),
    );

/** From opset 20 in ONNX itself; `approximate` chooses the formula with a tanh. */
const convertGelu: Convert = (n) => {
  n.emit(n.text('approximate', 'none') === 'tanh' ? 'geluTanh' : 'gelu', [n.id(0)], {});
};

/** Opset 22: alpha scales the argument of the logistic function. */
const convertSwish: Convert = (n) => {
  if (n.float('alpha', 1) !== 1) {
    const alpha = n.number('alpha', n.float('alpha', 1));
    const scaled = n.temporary('mul', [n.id(0), alpha], {}, 'scaled');
    n.emit('mul', [n.id(0), n.temporary('logistic', [scaled], {}, 'logistic')], {});
  } else n.emit('silu', [n.id(0)], {});
};

/** Its second input, where it is there, is a bias. */
const convertFastGelu: Convert = (n) => {
  const x = n.has(1) ? n.temporary('add', [n.id(0), n.id(1)], {}, 'biased') : n.id(0);
  n.emit('geluTanh', [x], {});
};

export const functions: Readonly<Record<string, Convert>> = {
  Abs: unary('abs'),
  Neg: unary('neg'),
  Reciprocal: unary('reciprocal'),
  Floor: unary('floor'),
  Ceil: unary('ceil'),
  Round: unary('round'),
  Sqrt: unary('sqrt'),
  Exp: unary('exp'),
  Log: unary('log'),
  Erf: unary('erf'),
  Sin: unary('sin'),
  Cos: unary('cos'),
  Tan: unary('tan'),
  Asin: unary('asin'),
  Acos: unary('acos'),
  Atan: unary('atan'),
  Sinh: unary('sinh'),
  Cosh: unary('cosh'),
  Asinh: unary('asinh'),
  Acosh: unary('acosh'),
  Atanh: unary('atanh'),
  Softplus: unary('softplus'),
  Softsign: unary('softsign'),
  Mish: unary('mish'),
  Gelu: convertGelu,
  'com.microsoft.Gelu': unary('gelu'),
  'com.microsoft.FastGelu': convertFastGelu,
  Swish: convertSwish,
  Elu: unary('elu', numbers({ alpha: 1 })),
  Celu: unary('celu', numbers({ alpha: 1 })),
  Selu: unary('selu', numbers({ alpha: 1.6732632, gamma: 1.050701 })),
  ThresholdedRelu: unary('thresholdedRelu', numbers({ alpha: 1 })),
  Shrink: unary('shrink', numbers({ lambd: 0.5, bias: 0 })),
};
