// SPDX-License-Identifier: Apache-2.0
// The part of the WebAssembly JavaScript API that mote uses (W3C "WebAssembly JavaScript Interface"). TypeScript has it
// only in its browser library, which would bring every browser global along.
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Memory {
    constructor(limits: { initial: number; maximum?: number });
    readonly buffer: ArrayBuffer;
    grow(pages: number): number;
  }
  class Global {
    value: number;
  }
  class Instance {
    constructor(module: Module, imports?: Record<string, Record<string, unknown>>);
    readonly exports: Exports;
  }
  type Exports = Record<string, unknown>;
  interface Instantiated {
    module: Module;
    instance: Instance;
  }
  class RuntimeError extends Error {}
  class CompileError extends Error {}
  function compile(bytes: Uint8Array): Promise<Module>;
  function instantiate(bytes: Uint8Array, imports?: Record<string, Record<string, unknown>>): Promise<Instantiated>;
  function instantiate(module: Module, imports?: Record<string, Record<string, unknown>>): Promise<Instance>;
}
