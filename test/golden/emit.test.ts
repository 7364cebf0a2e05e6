// SPDX-License-Identifier: Apache-2.0
// Goldens of what a user reads: the forward pass of a pack, its memory plan and its header. `npx vitest -u` rewrites
// them; read the diff.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readNpy } from '../../src/model/npy.js';
import { packageRoot } from '../../src/packageRoot.js';
import { packModel } from '../../src/packModel.js';

const load = (file: string): Uint8Array => readFileSync(join(packageRoot, 'models', 'digits', file));

const packDigits = (target: string) =>
  packModel({
    bytes: load('digits.onnx'),
    fileName: 'digits.onnx',
    target,
    calibration: { array: readNpy(load('calib_x.npy'), 'calib_x.npy'), path: 'calib_x.npy' },
    inputScale: { scale: 1 / 255, zero: 0 },
  });

describe('digits for the Pico', () => {
  it('forward pass, header and plan are as read last', async () => {
    const { files, manifest, plan } = await packDigits('cortex-m0plus');
    const source = files.get('digits.c') as string;
    await expect(source.slice(0, source.indexOf('\nstatic const'))).toMatchFileSnapshot('digits.c.golden');
    await expect(files.get('digits.h') as string).toMatchFileSnapshot('digits.h.golden');
    const buffers = plan.buffers.map(
      (b) =>
        `${String(b.offset).padStart(6)} ${String(b.bytes).padStart(6)} bytes, layers ${b.first}-${b.last}  ${b.name}`,
    );
    await expect(`arena ${plan.arenaBytes}, bound ${plan.boundBytes}\n${buffers.join('\n')}\n`).toMatchFileSnapshot(
      'digits.plan.golden',
    );
    const lines = manifest.layers.map(
      (l) =>
        `${l.index} ${l.name} ${l.op} ${l.kernel} ${l.macs} MAC ${l.weightBytes} B -> ${l.outputs[0].shape.join('x')} ${l.outputs[0].dtype} @${l.outputs[0].offset}`,
    );
    await expect(`${lines.join('\n')}\n`).toMatchFileSnapshot('digits.layers.golden');
  });
});
