// SPDX-License-Identifier: Apache-2.0
// All commands, in the order of --help.
import type { CommandSpec } from '../command.js';
import { boards } from './boards.js';
import { build } from './build.js';
import { demo } from './demo.js';
import { evaluate } from './eval.js';
import { inspect } from './inspect.js';
import { pack } from './pack.js';
import { run } from './run.js';
import { targets } from './targets.js';
import { verify } from './verify.js';

export const commands: readonly CommandSpec[] = [inspect, pack, verify, evaluate, build, run, boards, targets, demo];
