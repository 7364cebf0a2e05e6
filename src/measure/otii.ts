// SPDX-License-Identifier: Apache-2.0
// Qoitech Otii Arc and Ace through the Otii application's TCP server: JSON lines ended by CR LF, requests and answers
// joined by trans_id (qoitech/otii-tcp-client-python).
import { fail } from '../cli/errors.js';
import { ByteReader } from '../link/byteReader.js';
import type { Link } from '../link/link.js';
import type { Meter } from './meter.js';
import { type Trace, TraceBuilder } from './trace.js';

export interface OtiiOptions {
  millivolt: number;
  /** Of an Otii account whose Automation licence is to be reserved, where the application has none yet. */
  account?: { user: string; password: string };
  source: 'measured' | 'emulated';
}

/** Main current and digital input 1, which the marker pin is wired to. */
const currentChannel = 'mc';
const markerChannel = 'i1';
/** The server gives at most this many values an answer (same source). */
const mostValues = 40_000;
const answerTimeoutMs = 10_000;
const mostAnswerBytes = 1 << 23;
const newline = 0x0a;
/** The Arc's supply limit for a board; more needs the user's word. */
const mostSupplyA = 0.5;

type Json = Record<string, unknown>;

export async function openOtii(link: Link, options: OtiiOptions): Promise<Meter> {
  const client = otiiClient(link);
  await client.greeting();
  const giveBack = options.account ? await reserveLicence(client.ask, options.account) : async () => undefined;
  try {
    return await otiiMeter(link, client, options, giveBack);
  } catch (error) {
    await giveBack().catch(() => undefined);
    throw error;
  }
}

type Ask = ReturnType<typeof otiiClient>['ask'];

/** Logs in unless somebody is, and takes a free licence with Automation; what is returned gives it back. */
async function reserveLicence(
  ask: Ask,
  { user, password }: NonNullable<OtiiOptions['account']>,
): Promise<() => Promise<void>> {
  if ((await ask('otii_is_logged_in')).logged_in !== true) await ask('otii_login', { username: user, password });
  const licences = listOf((await ask('otii_get_licenses')).licenses);
  const automates = (l: Json) => l.type === 'Automation' || listOf(l.addons).some((a) => a.id === 'Automation');
  const free = licences.find((l) => l.available === true && automates(l));
  if (!free)
    return fail('meter.broken', {
      meter: 'Otii',
      reason: `none of the account's ${licences.length} licences is free and has Automation`,
    });
  const licence = { license_id: free.id };
  await ask('otii_reserve_license', licence);
  return async () => void (await ask('otii_return_license', licence));
}

async function otiiMeter(
  link: Link,
  client: ReturnType<typeof otiiClient>,
  options: OtiiOptions,
  giveBack: () => Promise<void>,
): Promise<Meter> {
  const devices = listOf((await client.ask('otii_get_devices', { timeout: 10 })).devices);
  const arc = devices.find((d) => typeof d.device_id === 'string');
  if (devices.length !== 1 || !arc)
    return fail('meter.broken', { meter: 'Otii', reason: `its server has ${devices.length} devices, one is wanted` });
  const device = { device_id: arc.device_id };
  const active = (await client.ask('otii_get_active_project')).project_id;
  const project = {
    project_id:
      typeof active === 'number' && active >= 0 ? active : (await client.ask('otii_create_project')).project_id,
  };
  await client.ask('arc_add_to_project', device);
  await client.ask('arc_set_main_voltage', { ...device, value: options.millivolt / 1000 });
  await client.ask('arc_set_max_current', { ...device, value: mostSupplyA });
  for (const channel of [currentChannel, markerChannel])
    await client.ask('arc_enable_channel', { ...device, channel, enable: true });
  await client.ask('arc_set_main', { ...device, enable: true });
  const name = `Otii ${String(arc.name ?? '').slice(0, 40)} (${options.millivolt} mV)`;
  const fetchTrace = () => otiiTrace(client.ask, { ...device, ...project }, name, options);
  return {
    info: { name, rateHz: otiiRateHz, digitalInputs: 1, voltage: 'set', source: options.source },
    gone: () => client.gone(),
    start: async () => void (await client.ask('project_start_recording', project)),
    async stop() {
      await client.ask('project_stop_recording', project);
      return fetchTrace();
    },
    async close() {
      if (client.gone() === undefined) await giveBack().catch(() => undefined);
      await link.close();
    },
  };
}

/** The Arc's rate of main current; what a recording really has stands in its `interval`. */
const otiiRateHz = 4000;

function otiiClient(link: Link) {
  const reader = new ByteReader(link);
  let lastId = 0;
  const message = async (): Promise<Json> => {
    const bytes = await reader
      .takeThrough(newline, answerTimeoutMs, mostAnswerBytes)
      .catch((error: Error) => fail('meter.silent', { meter: `Otii at ${link.name}`, reason: error.message }));
    try {
      const value: unknown = JSON.parse(Buffer.from(bytes).toString('utf8'));
      if (typeof value === 'object' && value !== null) return value as Json;
    } catch {
      // said below
    }
    return fail('meter.broken', { meter: 'Otii', reason: 'it sent a line that is no JSON object' });
  };
  return {
    gone: () => reader.closed,
    async greeting() {
      const { type, info } = await message();
      if (type !== 'information' || info !== 'connected')
        fail('meter.broken', { meter: 'Otii', reason: 'its server did not greet' });
    },
    async ask(cmd: string, data: Json = {}): Promise<Json> {
      const transId = String(++lastId);
      await link.write(Buffer.from(`${JSON.stringify({ type: 'request', cmd, trans_id: transId, data })}\r\n`));
      for (;;) {
        const answer = await message();
        if (answer.trans_id !== transId || answer.type === 'progress' || answer.type === 'information') continue;
        if (answer.type === 'response') return (answer.data ?? {}) as Json;
        const said = [answer.errorcode, (answer.data as Json | undefined)?.message].filter(
          (s) => typeof s === 'string',
        );
        const reason = `'${cmd}': ${said.join(', ') || 'refused'}`;
        return fail('meter.broken', { meter: 'Otii', reason: reason.slice(0, 200) });
      }
    },
  };
}

const listOf = (value: unknown): Json[] => (Array.isArray(value) ? (value as Json[]) : []);
const numberIn = (value: unknown, what: string): number =>
  typeof value === 'number' && Number.isFinite(value)
    ? value
    : fail('meter.broken', { meter: 'Otii', reason: `its answer has no ${what}` });

async function otiiTrace(
  ask: (cmd: string, data: Json) => Promise<Json>,
  ids: Json,
  name: string,
  { millivolt, source }: OtiiOptions,
): Promise<Trace> {
  const recording = (await ask('project_get_last_recording', ids)).recording_id;
  const of = (channel: string) => ({ ...ids, recording_id: recording, channel });
  const total = numberIn((await ask('recording_get_channel_data_count', of(currentChannel))).count, 'count');
  if (!(total > 0)) fail('meter.broken', { meter: 'Otii', reason: 'its recording is empty' });
  const builder = new TraceBuilder();
  let [intervalS, startS] = [Number.NaN, 0];
  while (builder.count < total) {
    const data = await ask('recording_get_channel_data', {
      ...of(currentChannel),
      index: builder.count,
      count: Math.min(mostValues, total - builder.count),
    });
    const values = Array.isArray(data.values) ? data.values : [];
    if (values.length === 0) fail('meter.broken', { meter: 'Otii', reason: 'its recording ends before its count' });
    if (builder.count === 0) startS = numberIn(data.timestamp, 'timestamp');
    intervalS = numberIn(data.interval, 'interval');
    if (intervalS <= 0) fail('meter.broken', { meter: 'Otii', reason: `its interval is ${intervalS} s` });
    for (const value of values) builder.add(typeof value === 'number' ? value : Number.NaN);
  }
  const trace = builder.build(
    { meter: name, source, rateHz: 1 / intervalS, voltageV: millivolt / 1000, notes: [] },
    true,
  );
  const edges = await ask('recording_get_channel_data_count', of(markerChannel));
  const count = numberIn(edges.count, 'count');
  const marks = count > 0 ? await ask('recording_get_channel_data', { ...of(markerChannel), index: 0, count }) : {};
  drawLevels(trace, listOf(marks.values), startS);
  return trace;
}

/** Times are decimal fractions: a change at a sample's time must not come one later for its last digit. */
const timeSlack = 1e-3;

/** A digital channel is a list of changes `{timestamp, value}`; before the first it had the other value. */
function drawLevels(trace: Trace, changes: readonly Json[], startS: number): void {
  const { digital, rateHz } = trace;
  if (!digital) return;
  const places = changes.map((c) => ({
    at: Math.ceil((numberIn(c.timestamp, 'timestamp') - startS) * rateHz - timeSlack),
    value: c.value ? 1 : 0,
  }));
  digital.fill(places.length > 0 ? 1 - places[0].value : 1);
  for (const [i, { at, value }] of places.entries()) digital.fill(value, Math.max(0, at), places[i + 1]?.at);
}
