import { expect, test } from 'bun:test';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { startAgent } from '@mvirt/testkit/agent-process';
import { debianGuest, lackingForDebian } from '@mvirt/testkit/debian-guest';
import { lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { mainPath } from '../cli/testing/spawn-mvirt.ts';

const noPrograms = ['ssh', 'ssh-keygen', 'genisoimage', 'qemu-img'].filter((name) => Bun.which(name) === null);
const noTun = existsSync('/dev/net/tun') ? null : '/dev/net/tun is missing';
const missing = lackingForDebian() ?? lackingForNetworks() ?? noTun ?? (noPrograms.length > 0 ? `missing ${noPrograms.join(', ')}` : null);
if (missing !== null) console.log(`skip: ${missing}`);

const guestMs = 600_000;
const mib = 1024 * 1024;

type Ran = { status: number | null; stdout: string; stderr: string };

test.skipIf(missing !== null)(
  'a whole Debian: imported, created, reached by ssh with the keys of its console and no prompt, out over IPv4 and IPv6; a reboot of the host, ip link del; nothing is left',
  async () => {
    const guest = await debianGuest();
    await using room = await openLinuxManaged();
    await room.outside(['203.0.113.9/32', '2001:db8::9/128']);
    using dir = tempDir('debian');
    const env = { ...process.env, XDG_STATE_HOME: dir.join('state'), MVIRT_SOCKET: dir.join('agent.sock') };
    /** Without a terminal and without input: whoever asked anything would hang or fail. */
    const mvirt = async (...argv: string[]): Promise<Ran> => {
      const child = spawn(process.execPath, [mainPath, ...argv], { stdio: ['ignore', 'pipe', 'pipe'], env, cwd: dir.path });
      const said = { stdout: '', stderr: '' };
      for (const stream of ['stdout', 'stderr'] as const) child[stream].setEncoding('utf8').on('data', (text: string) => (said[stream] += text));
      await once(child, 'close');
      return { status: child.exitCode, ...said };
    };
    const done = async (...argv: string[]): Promise<string> => {
      const ran = await mvirt(...argv);
      expect([argv, ran.status, ran.stderr]).toEqual([argv, 0, '']);
      return ran.stdout;
    };
    const mine = ['-o', `IdentityFile=${dir.join('key')}`, '-o', 'IdentitiesOnly=yes'];
    const inGuest = (command: string) => done('ssh', 'web', ...mine, '--', command);
    const getsOut = async (): Promise<void> => {
      expect(await inGuest('sudo ping -n -q -c 3 -i 0.5 -W 10 203.0.113.9')).toMatch(/ [1-3] received/);
      expect(await inGuest('sudo ping -n -q -c 3 -i 0.5 -W 10 2001:db8::9')).toMatch(/ [1-3] received/);
    };
    const get = async () =>
      JSON.parse(await done('get', 'web', '--json')).vm as { id: string; pid: number; nics: { kept: string[]; addresses: string[] }[]; ownDisk: string };

    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', dir.join('key')]);
    writeFileSync(dir.join('user-data'), '#cloud-config\nlocale: C.UTF-8\nssh_genkeytypes: [ed25519]\n');
    let first = await startAgent(dir, [], { through: room.ns.enter });
    await using agents = new AsyncDisposableStack();
    agents.use(first);
    // However the test ends: VMs and servers of networks outlive their agent.
    await using _leaving = {
      async [Symbol.asyncDispose]() {
        for (const { id } of await first.api.vm.list.query()) {
          await first.api.vm.kill.mutate({ vm: id });
          await first.api.vm.delete.mutate({ vm: id });
        }
        for (const { name } of await first.api.network.list.query()) await first.api.network.remove.mutate({ name });
      },
    };

    await done('image', 'import', guest.disk, '--name', 'debian-12');
    const boot = ['--kernel', guest.kernel, '--initramfs', guest.initramfs, '--cmdline', guest.cmdline, '--memory', '1G', '--vcpus', '2'];
    const made = ['--image', 'debian-12', '--disk-size', '3G', '--user-data', 'user-data', '--ssh-key', 'key.pub', '--network', 'default'];
    await done('create', '--name', 'web', ...boot, ...made, '--start', '--wait', 'ssh', '--timeout', `${guestMs}ms`);

    // At its first boot cloud-init prints the keys last of all: they are waited for.
    const waited = await mvirt('ssh', 'web', ...mine, '--', 'cat /etc/ssh/ssh_host_ed25519_key.pub');
    expect(waited.stderr).toMatch(/^(mvirt: waiting for the host keys [^\n]*\nmvirt: a guest that prints none: [^\n]*\n)?$/);
    const plan = JSON.parse(await done('ssh', 'web', '--json')).ssh as { user: string; hostKeys: string; knownHosts: string };
    expect([waited.status, plan.user, plan.hostKeys]).toEqual([0, 'debian', 'console']);
    const key = waited.stdout.split(' ').slice(0, 2).join(' ');
    const { id, nics, ownDisk } = await get();
    expect(readFileSync(plan.knownHosts, 'utf8')).toBe(`mvirt-${id} ${key}\n`);

    await inGuest('cloud-init status --wait');
    expect(await inGuest('whoami; hostname; cat /var/lib/cloud/data/instance-id; df --output=size / | tail -1')).toMatch(
      new RegExp(`^debian\nweb\n${id}\n +[23]\\d{6}\n$`),
    );
    const sizeKib = Number((await inGuest('df --output=size / | tail -1')).trim());
    expect(sizeKib).toBeGreaterThan((2.5 * 1024 * mib) / 1024);
    // By DHCPv4 and DHCPv6, what the network keeps for it.
    expect(nics[0]?.addresses.toSorted()).toEqual(nics[0]?.kept.toSorted() ?? []);
    await getsOut();

    // The network is torn away under it.
    await room.run('ip link del dev mv-default');
    await waitFor('the bridge to be back', async () => (await room.run('ip -json link show type tun')).includes('"master":"mv-default"'), {
      timeoutMs: 60_000,
    });
    await getsOut();

    // The host is rebooted: of all that ran and of all that was set up nothing is left.
    await inGuest('sudo sh -c "echo kept > /root/kept; sync"');
    const [before, network] = [await get(), JSON.parse(await done('network', 'show', 'default', '--json')).network as { serverPid: number }];
    expect(await first.end('SIGKILL')).toBe('SIGKILL');
    for (const pid of [before.pid, network.serverPid]) process.kill(pid, 'SIGKILL');
    await waitFor('all to be dead', () => [before.pid, network.serverPid].every((pid) => !existsSync(`/proc/${pid}`)));
    await room.run('ip link del dev mv-default');
    for (const tap of (await room.run('ip -brief link show type tun')).match(/^mvirt-\S+/gm) ?? []) await room.run(`ip link del dev ${tap}`);
    await room.run('nft flush ruleset');
    await room.run('sysctl -q -w net.ipv4.ip_forward=0 net.ipv6.conf.all.forwarding=0');
    first = agents.use(await startAgent(dir, [], { through: room.ns.enter }));
    await done('start', 'web');
    await done('wait', 'web', 'ssh', '--timeout', `${guestMs}ms`);
    expect(await inGuest('sudo cat /root/kept')).toBe('kept\n');
    expect(readFileSync(plan.knownHosts, 'utf8')).toBe(`mvirt-${id} ${key}\n`);
    await getsOut();

    await done('stop', 'web');
    await done('delete', '--yes', 'web');
    expect(existsSync(ownDisk)).toBe(false);
    await done('network', 'rm', 'default');
    expect(await room.run('ip -brief link show type bridge')).toBe('');
    expect(await room.run('nft list ruleset')).not.toMatch(/mvirt-default|jump/);
    expect(readdirSync(dir.join('data', 'network'))).toEqual([]);
    await done('image', 'rm', 'debian-12');
  },
  1_800_000,
);
