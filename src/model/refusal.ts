// SPDX-License-Identifier: Apache-2.0
// How a reader says "this node is sound, but mote cannot run it". The readers catch it per node and keep an
// `unsupported` node in the graph, so that `inspect` can list all of them; it never leaves a reader.
import { MoteError } from '../cli/errors.js';
import type { Attrs } from './graph.js';

export class Refusal extends Error {
  constructor(
    readonly reason: string,
    readonly change: string,
  ) {
    super(reason);
  }
}

export function refuse(reason: string, change: string): never {
  throw new Refusal(reason, change);
}

/** Attributes of an `unsupported` node. */
export function unsupportedAttrs(operator: string, refusal: Refusal): Attrs {
  return { operator, reason: refusal.reason, change: refusal.change };
}

/** What an operator's own check calls unsupported is a reason to list the node, not to stop. Anything else goes on. */
export function asRefusal(error: unknown): Refusal {
  if (error instanceof Refusal) return error;
  if (error instanceof MoteError && error.code === 'model.unsupported') {
    return new Refusal(error.message.replace(/^.* cannot run: /, ''), error.help ?? '');
  }
  throw error;
}
