import { expect, test } from 'bun:test';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { startAgent } from '@mvirt/testkit/agent-process';
import { linuxGuest } from '@mvirt/testkit/linux-guest';
import { lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const { guest, missing: noGuest } = await linuxGuest();
const noTun = existsSync('/dev/net/tun') ? null : '/dev/net/tun is missing';
const missing = lackingForNetworks() ?? noTun ?? noGuest;
if (missing !== null) console.log(`skip: ${missing}`);

const guestMs = 100_000;

test.skipIf(missing !== null)(
  'a real guest on default: an address, its name, the way out over IPv4 and IPv6, ssh waited for; mended under it; another agent finds all',
  async () => {
    await using room = await openLinuxManaged();
    await room.outside(['203.0.113.9/32', '2001:db8::9/128']);
    using dir = tempDir('netguest');
    const { enter } = room.ns;
    const log = (): string => {
      const [id] = readdirSync(dir.join('data', 'vm'));
      return id === undefined ? '' : readFileSync(dir.join('data', 'vm', id, 'console.log'), 'latin1');
    };
    let server = 0;
    let kept: string[] = [];
    {
      await using agent = await startAgent(dir, [], { through: enter });
      const { api } = agent;
      const type = (line: string) => api.console.write.mutate({ vm: 'web', bytes: Buffer.from(`${line}\r`) });
      /** The guest's word for a command that ends well, as its shell says it: the line that was typed does not have it. */
      const does = async (command: string, mark: string): Promise<void> => {
        await type(`${command} && echo ${mark}-$((40+2))`);
        await waitFor(`the guest to do: ${command}`, () => log().includes(`${mark}-42`), { timeoutMs: guestMs });
      };
      await api.vm.create.mutate({ name: 'web', memoryMib: 256, ...guest, nics: [{ network: 'default' }] });
      await api.vm.start.mutate({ vm: 'web' });
      const reached = await api.vm.wait.mutate({ vm: 'web', state: 'ip', timeoutMs: guestMs });
      const [nic] = reached.nics;
      kept = nic?.kept ?? [];
      expect(nic).toMatchObject({ network: 'default', addresses: [kept[0]] });
      await waitFor('the guest to be up, with its address', () => log().includes('TINY-READY') && log().includes('TINY-IP'), { timeoutMs: guestMs });
      await does('ping -c 1 -W 5 203.0.113.9', 'OUT4');
      // Its address comes with the next router advertisement, and is tried out by the guest before it is used.
      await does('until ping -6 -c 1 -W 5 2001:db8::9; do sleep 1; done', 'OUT6');
      await does('nslookup web.default.internal', 'NAME');
      // Not its address: nothing comes back.
      await does('! ping -c 1 -W 2 -I 10.0.0.77 203.0.113.9', 'SPOOF');
      await api.vm.wait.mutate({ vm: 'web', state: 'ssh', timeoutMs: guestMs });
      await room.run('ip link del dev mv-default');
      await waitFor(
        'the bridge to be back with the guest on it',
        async () => (await room.run('ip -json link show type tun')).includes('"master":"mv-default"'),
        { timeoutMs: guestMs },
      );
      await does('until ping -c 1 -W 5 203.0.113.9; do sleep 1; done', 'AGAIN');
      server = (await api.network.get.query({ name: 'default' })).serverPid ?? 0;
      expect(await agent.end('SIGKILL')).toBe('SIGKILL');
    }
    await using agent = await startAgent(dir, [], { through: enter });
    const { api } = agent;
    expect(await api.network.get.query({ name: 'default' })).toMatchObject({ serverPid: server, fault: null, nics: [{ kept, addresses: [kept[0]] }] });
    process.kill(server, 'SIGKILL');
    await waitFor('another server', async () => ![server, null].includes((await api.network.get.query({ name: 'default' })).serverPid), { timeoutMs: guestMs });
    const { events } = { events: await api.event.read.query({ since: null, limit: 100 }) };
    expect(events.map(({ type }) => String(type))).toContain('nic-addresses');
    await api.vm.kill.mutate({ vm: 'web' });
    await api.vm.delete.mutate({ vm: 'web' });
    await api.network.remove.mutate({ name: 'default' });
    expect(await room.run('ip -brief link show type bridge')).toBe('');
    expect(await room.run('nft list ruleset')).not.toMatch(/mvirt-default|jump/);
    expect(readdirSync(dir.join('data', 'network'))).toEqual([]);
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  300_000,
);
