import { expect, test } from 'bun:test';
import { MvirtError, type VmSize } from '@mvirt/domain';
import { systemClock } from './clock.ts';
import { createResizing, type SizeHand } from './resizing.ts';

/** A guest that has a size, and lets go of vCPUs when told to. */
function bench(known: VmSize | null = { vcpus: 3, memoryMib: 256 }) {
  const guest = { vcpus: 3, memoryMib: 256, wanted: null as number | null, mute: false };
  const told: VmSize[] = [];
  const hand: SizeHand = {
    async read() {
      if (guest.mute) throw new MvirtError({ code: 'HYPERVISOR_UNRESPONSIVE', message: 'no answer' });
      return { vcpus: guest.vcpus, memoryMib: guest.memoryMib, removing: guest.wanted !== null };
    },
    async setVcpus(wanted) {
      if (wanted > 4) throw new MvirtError({ code: 'UNSUPPORTED', message: 'too many' });
      if (wanted > guest.vcpus) guest.vcpus = wanted;
      else guest.wanted = wanted;
    },
    async growMemory(_from, to) {
      guest.memoryMib = to;
      guest.mute = to === 1024;
    },
  };
  const letGo = () => {
    guest.vcpus = guest.wanted ?? guest.vcpus;
    guest.wanted = null;
  };
  const resizing = createResizing({ hand, clock: systemClock(), known, onResized: (size) => told.push(size), removalMs: 20 });
  return { guest, told, letGo, resizing };
}

test('a guest that lets go late is told of by the look that finds it', async () => {
  const { told, letGo, resizing } = bench();
  expect(await resizing.resize({ vcpus: 1 }, {})).toBe('pending');
  expect(resizing.pending()).toBe(true);
  await resizing.settle({});
  expect(told).toEqual([]);
  letGo();
  await resizing.settle({});
  expect(resizing.pending()).toBe(false);
  expect(told).toEqual([{ vcpus: 1, memoryMib: 256 }]);
});

test('the first look of an agent that knows nothing is no news; of one that knew another size it is', async () => {
  const blind = bench(null);
  await blind.resizing.settle({});
  expect(blind.told).toEqual([]);
  const stale = bench({ vcpus: 1, memoryMib: 256 });
  await stale.resizing.settle({});
  expect(stale.told).toEqual([{ vcpus: 3, memoryMib: 256 }]);
});

test('a failure is told as it is, with what was done before it; silence after it hides neither', async () => {
  const half = bench();
  await expect(half.resizing.resize({ vcpus: 5, memoryMib: 384 }, {})).rejects.toMatchObject({ code: 'UNSUPPORTED', message: 'too many' });
  expect(half.told).toEqual([{ vcpus: 3, memoryMib: 384 }]);
  const mute = bench();
  await expect(mute.resizing.resize({ vcpus: 5, memoryMib: 1024 }, {})).rejects.toMatchObject({ message: 'too many' });
  mute.guest.mute = false;
  await mute.resizing.settle({});
  expect(mute.told).toEqual([{ vcpus: 3, memoryMib: 1024 }]);
});

test('who hangs up while the guest takes its time ends its own wait; the next in line is served', async () => {
  const { resizing, letGo, told } = bench();
  const left = new AbortController();
  const leaving = resizing.resize({ vcpus: 2 }, { signal: left.signal });
  left.abort(new Error('hung up'));
  await expect(leaving).rejects.toThrow('hung up');
  letGo();
  expect(await resizing.resize({ vcpus: 4 }, {})).toBe('done');
  expect(told).toEqual([
    { vcpus: 2, memoryMib: 256 },
    { vcpus: 4, memoryMib: 256 },
  ]);
});
