// SPDX-License-Identifier: Apache-2.0
// The language models of llama2.c in plain float, straight from a checkpoint's layout: what mote's way of running them is judged
// by. It shares no code with it. Matrices are row by row, heads keep their keys as lists, sums are of doubles.

export interface PlainLlama {
  width: number;
  hidden: number;
  layers: number;
  heads: number;
  kvHeads: number;
  vocabulary: number;
  context: number;
  /** Where each tensor begins, in floats, and all of them. */
  at: Record<string, number>;
  floats: Float32Array;
}

const headerInts = 7;

export function openPlainLlama(file: Uint8Array): PlainLlama {
  const copy = Uint8Array.from(file);
  const [width, hidden, layers, heads, kvHeads, words, context] = new Int32Array(copy.buffer, 0, headerInts);
  const floats = new Float32Array(copy.buffer, 4 * headerInts);
  const kept = (width / heads) * kvHeads;
  let next = 0;
  const place = (size: number): number => {
    next += size;
    return next - size;
  };
  const vocabulary = Math.abs(words);
  const at: Record<string, number> = {
    embedding: place(vocabulary * width),
    attentionNorm: place(layers * width),
    query: place(layers * width * width),
    key: place(layers * kept * width),
    value: place(layers * kept * width),
    output: place(layers * width * width),
    feedNorm: place(layers * width),
    gate: place(layers * hidden * width),
    down: place(layers * hidden * width),
    up: place(layers * hidden * width),
    finalNorm: place(width),
    angles: place(context * (width / heads)),
  };
  at.classifier = words > 0 ? at.embedding : place(vocabulary * width);
  return { width, hidden, layers, heads, kvHeads, vocabulary, context, at, floats };
}

/** [rows][columns] times x. */
function times(m: PlainLlama, from: number, rows: number, x: Float32Array): Float32Array {
  return Float32Array.from({ length: rows }, (_, r) => {
    let sum = 0;
    for (let c = 0; c < x.length; c++) sum += m.floats[from + r * x.length + c] * x[c];
    return sum;
  });
}

function normed(m: PlainLlama, from: number, x: Float32Array): Float32Array {
  const square = x.reduce((sum, v) => sum + v * v, 0) / x.length;
  return x.map((v, i) => m.floats[from + i] * (v / Math.sqrt(square + 1e-5)));
}

/** Turns pairs of neighbours by angles that grow with the position. */
function turn(x: Float32Array, headSize: number, position: number): void {
  for (let i = 0; i < x.length; i += 2) {
    const angle = position * 10_000 ** (-(i % headSize) / headSize);
    const [a, b] = [x[i], x[i + 1]];
    x[i] = a * Math.cos(angle) - b * Math.sin(angle);
    x[i + 1] = a * Math.sin(angle) + b * Math.cos(angle);
  }
}

function attend(m: PlainLlama, query: Float32Array, keys: Float32Array[], values: Float32Array[]): Float32Array {
  const size = m.width / m.heads;
  const out = new Float32Array(m.width);
  for (let head = 0; head < m.heads; head++) {
    const shared = Math.floor((head * m.kvHeads) / m.heads) * size;
    const scores = keys.map((key) => {
      let sum = 0;
      for (let i = 0; i < size; i++) sum += query[head * size + i] * key[shared + i];
      return sum / Math.sqrt(size);
    });
    const most = Math.max(...scores);
    const weights = scores.map((s) => Math.exp(s - most));
    const total = weights.reduce((a, b) => a + b, 0);
    for (let i = 0; i < size; i++)
      out[head * size + i] = values.reduce((sum, value, t) => sum + (weights[t] / total) * value[shared + i], 0);
  }
  return out;
}

/** A text in the making: give it token after token, it gives the logits of the next one. */
export function plainText(m: PlainLlama): (token: number) => Float32Array {
  const { width, hidden, at } = m;
  const size = width / m.heads;
  const kept = m.kvHeads * size;
  const keys: Float32Array[][] = Array.from({ length: m.layers }, () => []);
  const values: Float32Array[][] = Array.from({ length: m.layers }, () => []);
  return (token) => {
    const add = (x: Float32Array, y: Float32Array): Float32Array => x.map((v, i) => v + y[i]);
    let x: Float32Array = m.floats.slice(at.embedding + token * width, at.embedding + (token + 1) * width);
    for (let l = 0; l < m.layers; l++) {
      const h = normed(m, at.attentionNorm + l * width, x);
      const query = times(m, at.query + l * width * width, width, h);
      const key = times(m, at.key + l * kept * width, kept, h);
      turn(query, size, keys[l].length);
      turn(key, size, keys[l].length);
      keys[l].push(key);
      values[l].push(times(m, at.value + l * kept * width, kept, h));
      const attended = attend(m, query, keys[l], values[l]);
      x = add(x, times(m, at.output + l * width * width, width, attended));
      const f = normed(m, at.feedNorm + l * width, x);
      const gate = times(m, at.gate + l * hidden * width, hidden, f);
      const up = times(m, at.up + l * hidden * width, hidden, f);
      const both = gate.map((v, i) => (v / (1 + Math.exp(-v))) * up[i]);
      x = add(x, times(m, at.down + l * width * hidden, width, both));
    }
    return times(m, at.classifier, m.vocabulary, normed(m, at.finalNorm, x));
  };
}

/** The tokens with the largest logits, after a prompt. */
export function plainGreedy(m: PlainLlama, prompt: readonly number[], tokens: number): number[] {
  const next = plainText(m);
  const text = [...prompt];
  let logits = new Float32Array();
  for (const token of prompt) logits = Float32Array.from(next(token));
  while (text.length < tokens) {
    text.push(logits.indexOf(Math.max(...logits)));
    logits = Float32Array.from(next(text[text.length - 1]));
  }
  return text;
}
