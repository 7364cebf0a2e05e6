// SPDX-License-Identifier: Apache-2.0
// TensorFlow Lite itself (npm @tensorflow/tfjs-tflite, WebAssembly) as a judge, with no TensorFlow.js and no globals.
// It always runs XNNPACK, which rounds once: it judges `single`. (Measured against TensorFlow Lite Micro: it differs from
// the double rounding of the reference kernels on most models.)
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

interface HeapTensor {
  data(): Int8Array | Float32Array;
}
interface Vector {
  size(): number;
  get(i: number): HeapTensor;
}
interface Runner {
  GetInputs(): Vector;
  GetOutputs(): Vector;
  Infer(): boolean;
  delete(): void;
}
interface Module {
  _malloc(bytes: number): number;
  _free(pointer: number): void;
  HEAPU8: Uint8Array;
  TFLiteWebModelRunner: {
    CreateFromBufferAndOptions(
      pointer: number,
      bytes: number,
      options: object,
    ): { ok(): boolean; errorMessage(): string; value(): Runner };
  };
}

export interface TfliteModel {
  run(input: Uint8Array): Uint8Array;
  close(): void;
}

async function loadModule(messages: string[]): Promise<Module> {
  const require = createRequire(import.meta.url);
  const folder = join(dirname(require.resolve('@tensorflow/tfjs-tflite/package.json')), 'wasm');
  const script = readFileSync(join(folder, 'tflite_web_api_cc_simd.js'), 'utf8');
  const wasmBinary = readFileSync(join(folder, 'tflite_web_api_cc_simd.wasm'));
  // The script knows only browsers: it gets a worker's names as parameters.
  const names = ['importScripts', 'self', 'location', 'window', 'document', 'module', 'exports', 'define'];
  const make = new Function(...names, `${script}\nreturn tflite_web_api_ModuleFactory;`);
  const href = { href: 'file:///' };
  const factory = make(() => undefined, { location: href }, href) as (options: object) => Promise<Module>;
  const note = (text: string): void => void messages.push(text);
  return factory({ wasmBinary, print: note, printErr: note });
}

/** Opens a model; throws with TensorFlow Lite's own message when it refuses it. */
export async function openTflite(bytes: Uint8Array): Promise<TfliteModel> {
  const messages: string[] = [];
  const module = await loadModule(messages);
  const pointer = module._malloc(bytes.length);
  module.HEAPU8.set(bytes, pointer);
  const options = { numThreads: 1, enableProfiling: false, maxProfilingBufferEntries: 1024, threadPoolSize: 1 };
  const made = module.TFLiteWebModelRunner.CreateFromBufferAndOptions(pointer, bytes.length, options);
  if (!made.ok()) throw new Error(`${made.errorMessage()}; ${messages.join(' | ')}`);
  const runner = made.value();
  const view = (vector: Vector): Uint8Array => {
    const data = vector.get(0).data();
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  };
  return {
    run(input) {
      view(runner.GetInputs()).set(input);
      if (!runner.Infer()) throw new Error(`TensorFlow Lite could not run the model: ${messages.join(' | ')}`);
      return view(runner.GetOutputs()).slice();
    },
    close() {
      runner.delete();
      module._free(pointer);
    },
  };
}
