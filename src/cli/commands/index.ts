// SPDX-License-Identifier: Apache-2.0
// All commands, in the order of --help. Each is loaded when it is asked for, so that none pays for another's imports.
import type { CommandSpec } from '../command.js';

export const commands: Readonly<Record<string, () => Promise<CommandSpec>>> = {
  inspect: async () => (await import('./inspect.js')).inspect,
  pack: async () => (await import('./pack.js')).pack,
  export: async () => (await import('./export.js')).exportModel,
  tune: async () => (await import('./tune.js')).tune,
  verify: async () => (await import('./verify.js')).verify,
  eval: async () => (await import('./eval.js')).evaluate,
  build: async () => (await import('./build.js')).build,
  flash: async () => (await import('./flash.js')).flash,
  run: async () => (await import('./run.js')).run,
  generate: async () => (await import('./generate.js')).generate,
  monitor: async () => (await import('./monitor.js')).monitor,
  profile: async () => (await import('./profile.js')).profile,
  compare: async () => (await import('./compare.js')).compare,
  report: async () => (await import('./report.js')).report,
  bench: async () => (await import('./bench.js')).bench,
  devices: async () => (await import('./devices.js')).devices,
  doctor: async () => (await import('./doctor.js')).doctor,
  boards: async () => (await import('./boards.js')).boards,
  targets: async () => (await import('./targets.js')).targets,
  npu: async () => (await import('./npu.js')).npu,
  demo: async () => (await import('./demo.js')).demo,
};
