// SPDX-License-Identifier: Apache-2.0
// MOTE_SEED=n makes every fast-check property draw the same cases again; without it they differ on each run, and a failure
// prints its own seed.
import fc from 'fast-check';

if (process.env.MOTE_SEED) fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(process.env.MOTE_SEED) });
