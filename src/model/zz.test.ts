import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { test } from 'vitest';
import { readModel } from './readModel.js';
import { toLittleEndian } from './bytes.js';
test('x', () => {
  const out: any = {};
  for (const d of ['mlperf-tiny', 'tflm']) for (const f of readdirSync(`/work/shared/models/${d}`).filter((f) => f.endsWith('.tflite'))) {
    const g = readModel(readFileSync(`/work/shared/models/${d}/${f}`), f);
    out[`${d}/${f}`] = g.nodes.map((n) => ({ op: n.op, t: [...n.inputs, ...n.outputs].map((i) => { const t = g.tensors[i]; return t && { name: t.name, dtype: t.dtype, shape: t.shape, scales: t.quant && [...t.quant.scales], zps: t.quant && [...t.quant.zeroPoints], axis: t.quant?.axis, md5: t.data && createHash('md5').update(toLittleEndian(t.data)).digest('hex') }; }) }));
  }
  writeFileSync('/tmp/readers/dump.json', JSON.stringify(out));
});
