// SPDX-License-Identifier: Apache-2.0
import { describe, expect, it } from 'vitest';
import { loadBoard } from '../build/boards.js';
import type { ModemLines } from '../link/link.js';
import { memoryLink } from '../link/memoryLink.js';
import type { Found } from './chooseWay.js';
import { inVirtualTime } from './testing/virtualTime.js';
import { touchIfNeeded } from './touch.js';

const xiao = loadBoard('xiao-samd21');
const nothing: Found = { ports: [], drives: [], usb: [], findTool: () => undefined };
const running = { path: '/dev/ttyACM0', vid: '2886', pid: '802f' };
const booting = { path: '/dev/ttyACM1', vid: '2886', pid: '002f' };
const withPorts = (...ports: { path: string; vid: string; pid: string }[]): Found => ({ ...nothing, ports });

/** In virtual time: nobody waits, and a busy machine is not too late. */
const touched: typeof touchIfNeeded = async (...args) => {
  const outcome = await inVirtualTime(60_000, () => touchIfNeeded(...args));
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
};

/** A machine on which each look shows the next of these. */
function machine(...looks: Found[]) {
  const done: (string | number | ModemLines)[] = [];
  const open = async (port: string, { baud }: { baud: number }) => {
    done.push(port, baud);
    const { near, far } = memoryLink(port, { onLines: (lines) => void done.push(lines) });
    far.onClose(() => void done.push('closed'));
    return near;
  };
  return { done, request: { open, look: async () => looks.shift() ?? nothing } };
}

describe('the 1200-baud touch', () => {
  it('opens the port of the running program, releases the lines, and waits for the boot loader', async () => {
    const { done, request } = machine(nothing, nothing, withPorts(booting));
    const after = await touched(xiao, undefined, withPorts(running), request);
    expect(after).toEqual({ found: withPorts(booting) });
    expect(done).toEqual(['/dev/ttyACM0', 1200, { dtr: false, rts: false }, 'closed']);
  });

  it('takes the named port, and forgets its name: the boot loader has another', async () => {
    const { request } = machine(withPorts(booting));
    expect(await touched(xiao, '/dev/ttyACM0', withPorts(running, { ...running, path: 'x' }), request)).toEqual({
      found: withPorts(booting),
    });
  });

  it.each([
    ['a board in its boot loader', xiao, undefined, withPorts(running, booting)],
    ['a port that is none of its own', xiao, '/dev/pts/3', withPorts(running)],
    ['a board without a touch', loadBoard('nucleo-f446re'), undefined, withPorts(running)],
    ['nothing at all', xiao, undefined, nothing],
  ])('%s is left alone', async (_, board, port, found) => {
    const { done, request } = machine();
    expect((await touched(board, port, found, request)).found).toBe(found);
    expect(done).toEqual([]);
  });

  it('silence and doubt are errors', async () => {
    const { request } = machine();
    await expect(touched(xiao, undefined, withPorts(running), request)).rejects.toMatchObject({ exit: 6 });
    const two = withPorts(running, { ...running, path: '/dev/ttyACM9' });
    await expect(touched(xiao, undefined, two, request)).rejects.toMatchObject({ code: 'flash.many', exit: 5 });
  });
});
