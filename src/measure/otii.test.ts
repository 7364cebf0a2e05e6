// SPDX-License-Identifier: Apache-2.0
// The Otii driver against an emulated Otii server on a loopback socket, written from the protocol's description.
import { afterEach, describe, expect, it } from 'vitest';
import { openTcpLink } from '../link/tcpLink.js';
import { fallingEdges, type Segment, segmentScene, trueCharge } from './emulated/scene.js';
import { windowEnergy } from './energy.js';
import type { Meter } from './meter.js';
import { type OtiiOptions, openOtii } from './otii.js';
import { OtiiServer, type OtiiServerOptions, otiiRateHz } from './testing/otiiServer.js';
import { markerWindows } from './windows.js';

const pulse: Segment = { samples: 2, amps: 2e-3, low: true };
const idle: Segment = { samples: 30_001, amps: 43e-6 };
const work: Segment[] = [
  { samples: 19_000, amps: 8.31e-3 },
  { samples: 1, amps: 0.35 },
  { samples: 7000, amps: 510e-6 },
  { samples: 9000, amps: 23.4e-3 },
];
const segments = [idle, pulse, idle, pulse, ...work, pulse, idle];

const servers: OtiiServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function open(
  options: Partial<OtiiServerOptions> = {},
  login: Pick<OtiiOptions, 'account'> = {},
): Promise<{ meter: Meter; server: OtiiServer }> {
  const server = new OtiiServer({ scene: segmentScene(segments), ...options });
  servers.push(server);
  const link = await openTcpLink({ host: '127.0.0.1', port: await server.listen() });
  return { meter: await openOtii(link, { millivolt: 3000, source: 'emulated', ...login }), server };
}

describe('Otii by its protocol', () => {
  it('reads a recording in chunks; window to the sample, energy within 1 %', async () => {
    const { meter, server } = await open();
    await meter.start();
    expect([server.recording, server.mainOn, server.volts]).toEqual([true, true, 3]);
    const trace = await meter.stop();
    await meter.close();
    expect(server.recording).toBe(false);
    expect(server.mostAsked).toBe(40_000);
    const scene = segmentScene(segments);
    expect(trace.currentA.length).toBe(scene.count());
    expect(trace.rateHz).toBeCloseTo(otiiRateHz, 6);
    const { windows } = markerWindows(trace, 0, 1);
    expect(windows.flatMap((w) => [w.from, w.to])).toEqual(fallingEdges(scene).slice(-2));
    const [{ from, to }] = windows;
    const truth = trueCharge(scene, from, to, otiiRateHz) * 3;
    expect(Math.abs(windowEnergy(trace, windows[0]).joules / truth - 1)).toBeLessThan(0.01);
  });

  it('logs in, reserves the free licence with Automation and gives it back, also when opening fails', async () => {
    const account = { user: 'u', password: 'p' };
    const licences = [
      { id: 1, type: 'Automation', available: false },
      { id: 2, type: 'Pro', available: true },
      { id: 3, type: 'Pro', available: true, addons: [{ id: 'Automation', attributes: null }] },
    ];
    const { meter, server } = await open({ account: { ...account, licences } }, { account });
    expect([...server.reserved]).toEqual([3]);
    await meter.close();
    expect(server.reserved.size).toBe(0);
    const refused = open({ account: { ...account, licences }, devices: [] }, { account });
    await expect(refused).rejects.toMatchObject({ code: 'meter.broken' });
    expect(servers.at(-1)?.reserved.size).toBe(0);
    const wrong = open({ account: { ...account, licences } }, { account: { user: 'u', password: 'secret' } });
    await expect(wrong).rejects.toThrow(/wrong user or password/);
    await expect(wrong).rejects.not.toThrow(/secret/);
    const none = open({ account: { ...account, licences: licences.slice(0, 2) } }, { account });
    await expect(none).rejects.toThrow(/none of the account's 2 licences is free and has Automation/);
  });

  it.each<[string, Partial<OtiiServerOptions>, string, RegExp]>([
    ['no licence', { errors: { otii_get_devices: 'no licence reserved' } }, 'meter.broken', /no licence reserved/],
    ['no device', { devices: [] }, 'meter.broken', /0 devices/],
    ['a voltage it refuses', { errors: { arc_set_main_voltage: 'out of range' } }, 'meter.broken', /out of range/],
    ['no JSON', { raw: { otii_get_devices: '{"type":\r\n' } }, 'meter.broken', /no JSON/],
    ['hangs up', { hangUpAt: 'arc_add_to_project' }, 'meter.silent', /Otii/],
  ])('%s is a named error', async (_, options, code, message) => {
    const failure = open(options);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(message);
  });

  it.each<[string, Partial<OtiiServerOptions>]>([
    ['a count that is none', { raw: answerTo('recording_get_channel_data_count', '{"count":"many"}') }],
    ['a count beyond any recording', { raw: answerTo('recording_get_channel_data_count', '{"count":1e300}') }],
    ['an empty chunk', { raw: answerTo('recording_get_channel_data', '{"interval":1,"timestamp":0,"values":[]}') }],
    ['an interval of nothing', { raw: answerTo('recording_get_channel_data', intervalOf(0)) }],
    ['an interval that runs back', { raw: answerTo('recording_get_channel_data', intervalOf(-1)) }],
    ['an empty recording', { scene: segmentScene([]) }],
    ['a lost recording', { errors: { recording_get_channel_data_count: 'no such recording' } }],
  ])('%s is a named error', async (_, options) => {
    const { meter } = await open(options);
    await meter.start();
    await expect(meter.stop()).rejects.toMatchObject({ code: 'meter.broken' });
  });
});

function answerTo(cmd: string, data: string): Record<string, string> {
  return { [cmd]: `{"type":"response","cmd":"${cmd}","trans_id":"$ID","data":${data}}\r\n` };
}

function intervalOf(interval: number): string {
  return `{"interval":${interval},"timestamp":0,"values":[0.001]}`;
}
