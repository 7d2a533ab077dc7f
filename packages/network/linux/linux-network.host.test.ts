import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import type { Programs } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { type NetNamespace, netNamespace } from '@mvirt/testkit/net-namespace';
import { tapName } from '../names.ts';
import type { Network, PrepareNics } from '../port.ts';
import { createLinuxNetwork } from './index.ts';

const { rights } = createLinuxHost().system;
const lacking = [...(rights().netAdmin ? [] : ['CAP_NET_ADMIN (run as root)']), ...(rights().tun ? [] : ['/dev/net/tun'])];
if (lacking.length > 0) console.log(`skip: no TAPs can be made here: missing ${lacking.join(', ')}`);

const vmId = '0f3b7a52-1111-4222-8333-444455556666';
const tap = 'mvirt-0f3b7a52';
/** Of a user that no package makes: ip shows a name where there is one. */
const vmmUid = 47_111;
const oneNic: PrepareNics = { vmId, nics: [{ index: 0, tap: null, mac: null }] };
const twoNics: PrepareNics = { vmId, nics: [0, 1].map((index) => ({ index, tap: null, mac: null })) };

type Shown = {
  ifname: string;
  ifalias?: string;
  master?: string;
  flags: string[];
  address?: string;
  inet6_addr_gen_mode?: string;
  linkinfo?: { info_kind: string; info_data?: Record<string, unknown> };
};
type Bench = {
  network: Network;
  /** `ip` with these words, in the namespace. */
  ip(words: string): string;
  /** A program's output, in the namespace. */
  run(...argv: string[]): string;
  links(): Map<string, Shown>;
  with(change: (inner: Programs) => Programs): Network;
};

function bench(ns: NetNamespace, bridge = 'br0'): Bench {
  const { programs, system } = createLinuxHost();
  const inside = ns.programs(programs);
  const make = (used: Programs) => createLinuxNetwork({ programs: used, system, bridge, vmmUid });
  const run = (...argv: string[]): string => {
    const [program = '', ...args] = [...ns.enter, ...argv];
    return execFileSync(program, args, { encoding: 'utf8' });
  };
  const links = () => new Map((JSON.parse(run('ip', '-json', '-details', 'link', 'show')) as Shown[]).map((link) => [link.ifname, link] as const));
  return { network: make(inside), run, links, ip: (words) => run('ip', ...words.split(' ')), with: (change) => make(change(inside)) };
}

/** A test in a namespace of its own that leaves nothing there nor here; the host's own interfaces are as before. */
function inNamespace(name: string, body: (bench: Bench) => Promise<void>): void {
  test.skipIf(lacking.length > 0)(name, async () => {
    await using _leaks = watchLeaks();
    const before = readdirSync('/sys/class/net').filter((link) => link.startsWith('mvirt-') || link === 'br0');
    await using ns = await netNamespace();
    await body(bench(ns));
    expect(readdirSync('/sys/class/net').filter((link) => link.startsWith('mvirt-') || link === 'br0')).toEqual(before);
  });
}

inNamespace(
  'a NIC gets a bridge and a TAP as they should be; release removes the TAP, twice if asked, and leaves the bridge',
  async ({ network, links, run }) => {
    const nics = await network.prepare(oneNic, {});
    expect(nics).toMatchObject([{ index: 0, tap, ours: true }]);
    const shown = links();
    expect(shown.get(tap)).toMatchObject({
      ifalias: `mvirt:${vmId}`,
      master: 'br0',
      inet6_addr_gen_mode: 'none',
      linkinfo: { info_kind: 'tun', info_data: { type: 'tap', persist: true, user: vmmUid } },
    });
    expect(shown.get(tap)?.flags).toContain('UP');
    expect(shown.get('br0')).toMatchObject({ inet6_addr_gen_mode: 'none', linkinfo: { info_kind: 'bridge', info_data: { stp_state: 0, forward_delay: 0 } } });
    expect(shown.get('br0')?.flags).toContain('UP');
    expect(run('cat', '/proc/sys/net/ipv6/conf/br0/accept_ra')).toBe('0\n');
    expect(run('ip', '-6', 'address', 'show')).toBe('');
    expect(await network.present({})).toEqual([{ tap, vmId, held: false }]);
    await network.release(vmId, {});
    await network.release(vmId, {});
    expect([...links().keys()]).toEqual(['lo', 'br0']);
    expect(await network.present({})).toEqual([]);
  },
);

inNamespace("the bridge's MAC stays as TAPs come and go", async ({ network, links }) => {
  await network.prepare(oneNic, {});
  const mac = links().get('br0')?.address;
  expect(mac).toStartWith('52:54:00:');
  await network.prepare({ ...oneNic, vmId: 'other' }, {});
  await network.release(vmId, {});
  await network.release('other', {});
  expect(links().get('br0')?.address).toBe(mac);
});

inNamespace('release of one NIC leaves the other', async ({ network, links }) => {
  await network.prepare(twoNics, {});
  await network.release(vmId, { tap: tapName(vmId, 1) });
  expect([...links().keys()].filter((name) => name.startsWith('mvirt-'))).toEqual([tap]);
});

inNamespace('VMs that start at once share one bridge', async ({ network, links }) => {
  const ids = ['a', 'b', 'c', 'd'];
  await Promise.all(ids.map((id) => network.prepare({ ...oneNic, vmId: id }, {})));
  const shown = links();
  for (const id of ids) expect(shown.get(tapName(id, 0))).toMatchObject({ master: 'br0', ifalias: `mvirt:${id}` });
  await Promise.all(ids.map((id) => network.release(id, {})));
  expect([...links().keys()]).toEqual(['lo', 'br0']);
});

inNamespace('a stale TAP of the VM is made anew, with the right owner', async ({ network, links, ip }) => {
  ip(`tuntap add dev ${tap} mode tap user 1`);
  ip(`link set dev ${tap} alias mvirt:${vmId}`);
  await network.prepare(oneNic, {});
  expect(links().get(tap)).toMatchObject({ master: 'br0', linkinfo: { info_data: { user: vmmUid } } });
});

inNamespace('a foreign interface with the name of our TAP is an error, and stays', async ({ network, links, ip }) => {
  ip(`tuntap add dev ${tap} mode tap`);
  await expect(network.prepare(oneNic, {})).rejects.toMatchObject({ code: 'NETWORK_ERROR', hint: `if nobody needs it: ip link del dev ${tap}` });
  await network.release(vmId, {});
  expect([...links().keys()]).toEqual(['lo', tap]);
  expect(links().get(tap)?.ifalias).toBeUndefined();
});

inNamespace('a bridge name that a veth has is an error', async ({ network, ip }) => {
  ip('link add name br0 type veth peer name br1');
  await expect(network.prepare(oneNic, {})).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: 'br0 is no bridge but a veth interface' });
});

inNamespace("a client's TAP is not touched, by prepare or by release", async ({ network, links, ip }) => {
  ip('tuntap add dev mytap mode tap user 1234');
  const before = links().get('mytap');
  const nics = await network.prepare({ vmId, nics: [{ index: 0, tap: 'mytap', mac: null }] }, {});
  expect(nics).toMatchObject([{ tap: 'mytap', ours: false }]);
  await network.release(vmId, {});
  await network.release(vmId, { tap: 'mytap' });
  expect(links().get('mytap')).toEqual(before as Shown);
  expect([...links().keys()]).toEqual(['lo', 'mytap']);
  const missing = network.prepare({ vmId, nics: [...oneNic.nics, { index: 1, tap: 'nowhere', mac: null }] }, {});
  await expect(missing).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: 'the TAP nowhere does not exist' });
  expect([...links().keys()]).toEqual(['lo', 'mytap']);
});

inNamespace('an existing bridge is used as it is, and brought up', async ({ network, links, ip }) => {
  ip('link add name br0 address 02:00:00:00:00:01 type bridge stp_state 1 forward_delay 1500');
  await network.prepare(oneNic, {});
  expect(links().get('br0')).toMatchObject({ address: '02:00:00:00:00:01', linkinfo: { info_data: { stp_state: 1 } } });
  expect(links().get('br0')?.flags).toContain('UP');
});

inNamespace('whichever step fails, and wherever the caller goes, all is undone', async (bench) => {
  let steps = 0;
  const counting = bench.with((inner) => ({
    ...inner,
    run: (argv, options) => {
      steps++;
      return inner.run(argv, options);
    },
  }));
  await counting.prepare(twoNics, {});
  await bench.network.release(vmId, {});
  bench.ip('link del dev br0');
  expect(steps).toBe(1 + 4 + 2 * 2);

  for (const mode of ['fails', 'times out after its work', 'caller goes'] as const) {
    for (let at = 2; at <= steps; at++) {
      const caller = new AbortController();
      let call = 0;
      const network = bench.with((inner) => ({
        ...inner,
        run: async (argv, options) => {
          if (++call !== at) return inner.run(argv, options);
          if (mode === 'fails') throw new MvirtError({ code: 'PROGRAM_FAILED', message: 'broken on purpose' });
          const answer = await inner.run(argv, options);
          if (mode === 'times out after its work') throw new MvirtError({ code: 'TIMEOUT', message: 'late on purpose' });
          caller.abort(new Error('gone'));
          return answer;
        },
      }));
      const ended = network.prepare(twoNics, { signal: caller.signal });
      // The caller who goes during the last step is told of the success: there is nothing left to stop.
      if (mode === 'caller goes' && at === steps) {
        await ended;
        await bench.network.release(vmId, {});
        bench.ip('link del dev br0');
      } else await expect(ended).rejects.toMatchObject({ code: mode === 'caller goes' ? 'CANCELLED' : 'NETWORK_ERROR' });
      expect([...bench.links().keys()]).toEqual(['lo']);
    }
  }
});

inNamespace('what cannot be undone is named', async (bench) => {
  let broken = false;
  const network = bench.with((inner) => ({
    ...inner,
    run: async (argv, options) => {
      broken ||= argv.includes('-batch');
      if (broken) throw new MvirtError({ code: 'PROGRAM_FAILED', message: 'broken on purpose' });
      return inner.run(argv, options);
    },
  }));
  await expect(network.prepare(oneNic, {})).rejects.toThrow('not undone: ip link del dev br0 type bridge (broken on purpose)');
});

inNamespace('a TAP that vanishes during its release is as good as released', async (bench) => {
  await bench.network.prepare(oneNic, {});
  const network = bench.with((inner) => ({
    ...inner,
    run: async (argv, options) => {
      if (argv.includes('del')) bench.ip(`link del dev ${tap}`);
      return inner.run(argv, options);
    },
  }));
  await network.release(vmId, {});
  expect(bench.links().has(tap)).toBe(false);
});

inNamespace("another daemon's TAP is claimed, goes with its VM, and its name is free again; anybody else's stays", async ({ network, ip, links }) => {
  ip(`tuntap add dev ${tap} mode tap`);
  ip('tuntap add dev tap7 mode tap');
  ip('link set dev tap7 alias theirs');
  await network.release(vmId, {});
  expect([...links().keys()]).toEqual(expect.arrayContaining([tap, 'tap7']));
  for (let round = 0; round < 2; round++) await network.claim(vmId, { tap });
  await network.claim(vmId, { tap: 'tap7' });
  await network.claim(vmId, { tap: 'not-there' });
  expect(await network.present({})).toEqual([{ tap, vmId, held: false }]);
  expect(links().get('tap7')?.ifalias).toBe('theirs');
  await network.release(vmId, {});
  expect(links().has(tap)).toBe(false);
  expect(links().has('tap7')).toBe(true);
  expect((await network.prepare(oneNic, {})).map((nic) => nic.tap)).toEqual([tap]);
  await network.release(vmId, {});
});
