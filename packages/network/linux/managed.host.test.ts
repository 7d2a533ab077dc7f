import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { type LinuxManagedBench, lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { labNetwork as lab, managedContract } from '@mvirt/testkit/network/managed-contract';

const missing = lackingForNetworks();
if (missing !== null) console.log(`skip: ${missing}`);

managedContract('linux', openLinuxManaged, test, missing);

function inNamespace(name: string, body: (bench: LinuxManagedBench) => Promise<void>): void {
  test.skipIf(missing !== null)(name, async () => {
    await using bench = await openLinuxManaged();
    await body(bench);
    await bench.managed.remove(lab, {});
  });
}

/** A machine on the bridge that took what is kept for its NIC, without asking. */
async function machine(bench: LinuxManagedBench, port: string, ipv4: string, ipv6: string) {
  const ns = await bench.neighbour(port);
  await bench.run(`ip link set ${port} master mv-lab`);
  await bench.run(`ip address add ${ipv4}/24 dev eth0`, ns);
  await bench.run(`ip address add ${ipv6}/64 dev eth0 nodad`, ns);
  await bench.run('ip route add default via 10.9.0.1', ns);
  await bench.run('ip -6 route add default via fd12:3456:789a::1', ns);
  return ns;
}

const ping = (address: string): string => `ping -n -q -c 1 -W 5 ${address}`;

inNamespace('out through the host over IPv4 and IPv6, answered, and not reached from outside', async (bench) => {
  const outside = await bench.outside(['203.0.113.9/32', '2001:db8::9/128']);
  await bench.managed.ensure(lab, {});
  const web = await machine(bench, 'port0', '10.9.0.7', 'fd12:3456:789a::7');
  expect(await bench.run(ping('203.0.113.9'), web)).toContain(' 0% packet loss');
  expect(await bench.run(ping('2001:db8::9'), web)).toContain(' 0% packet loss');
  // The outside knows a way in, and is not let in.
  await bench.run('ip route add 10.9.0.0/24 via 198.18.0.1', outside);
  await bench.run('ip -6 route add fd12:3456:789a::/64 via fd99::1', outside);
  for (const address of ['10.9.0.7', 'fd12:3456:789a::7']) await expect(bench.run(`ping -n -q -c 1 -W 1 ${address}`, outside)).rejects.toThrow();
});

inNamespace('two networks do not reach each other, machines of one do', async (bench) => {
  const other = { ...lab, name: 'other', ipv4: '10.8.0.0/24', ipv6: null };
  await bench.managed.ensure(lab, {});
  await bench.managed.ensure(other, {});
  const web = await machine(bench, 'port0', '10.9.0.7', 'fd12:3456:789a::7');
  await machine(bench, 'port1', '10.9.0.8', 'fd12:3456:789a::8');
  const far = await bench.neighbour('port2');
  await bench.run('ip link set port2 master mv-other');
  await bench.run('ip address add 10.8.0.2/24 dev eth0', far);
  await bench.run('ip route add default via 10.8.0.1', far);
  expect(await bench.run(ping('10.9.0.8'), web)).toContain(' 0% packet loss');
  expect(await bench.run(ping('10.8.0.1'), web)).toContain(' 0% packet loss');
  await expect(bench.run('ping -n -q -c 1 -W 1 10.8.0.2', web)).rejects.toThrow();
  await bench.managed.remove(other, {});
});

inNamespace('nothing of others is touched: their tables, bridges and forwarding of the whole host stay as they are', async (bench) => {
  await bench.run(['sh', '-c', 'echo 1 >/proc/sys/net/ipv4/ip_forward; echo 1 >/proc/sys/net/ipv6/conf/all/forwarding']);
  await bench.run('ip link add name br0 type bridge');
  await bench.run(['nft', 'table inet filter { chain forward { type filter hook forward priority filter; policy accept; counter; }; }']);
  const before = [await bench.run('nft list ruleset'), await bench.run('ip -details link show dev br0')];
  await bench.managed.ensure(lab, {});
  expect(await bench.run('nft list table inet filter')).toBe(before[0] ?? '');
  await bench.managed.remove(lab, {});
  expect([await bench.run('nft list ruleset'), await bench.run('ip -details link show dev br0')]).toEqual(before);
});

inNamespace('the server keeps two capabilities, no root, and outlives the agent that started it', async (bench) => {
  await bench.managed.ensure(lab, {});
  const pid = bench.managed.server('lab') ?? 0;
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  // CAP_NET_ADMIN (12) and CAP_NET_RAW (13).
  expect(status).toMatch(/^CapEff:\t0000000000003000$/m);
  expect(status).toMatch(/^CapPrm:\t0000000000003000$/m);
  expect(status).toMatch(/^NoNewPrivs:\t1$/m);
  expect(status).not.toMatch(/^Uid:\t0\t/m);
  expect(bench.reborn().managed.server('lab')).toBe(pid);
  // One that was never recorded is known by its pid file and its command line.
  await bench.run(`rm ${bench.stateDir}/lab/server.json`);
  expect(bench.reborn().managed.server('lab')).toBe(pid);
  await bench.run(['sh', '-c', `echo ${process.pid} >${bench.stateDir}/lab/dnsmasq.pid`]);
  expect(bench.reborn().managed.server('lab')).toBeNull();
  await bench.run(['sh', '-c', `echo ${pid} >${bench.stateDir}/lab/dnsmasq.pid`]);
});

inNamespace('flushed rules and a deleted table come back, and a TAP of a running VM is plugged in again', async (bench) => {
  const tap = 'mvirt-0f3b7a52';
  const running = { ...lab, ports: [{ tap, mac: '52:54:00:00:00:01', ipv4: '10.9.0.7', ipv6: 'fd12:3456:789a::7' }] };
  await bench.run(`ip tuntap add dev ${tap} mode tap`);
  await bench.managed.ensure(running, {});
  const whole = await bench.run('nft list ruleset');
  expect(whole).toContain(`"${tap}" : jump ${tap}`);
  for (const damage of [
    'nft flush chain inet mvirt-lab forward',
    'nft delete table inet mvirt-lab',
    'nft delete table bridge mvirt',
    'ip link del dev mv-lab',
  ]) {
    await bench.run(damage);
    expect((await bench.managed.ensure(running, {})).length).toBeGreaterThan(0);
    expect(await bench.managed.ensure(running, {})).toEqual([]);
    expect(await bench.run('nft list ruleset')).toContain('oifname "mv-lab" drop');
    expect(await bench.run('nft list ruleset')).toContain(`"${tap}" : jump ${tap}`);
    expect(await bench.run(`ip -json link show dev ${tap}`)).toContain('"master":"mv-lab"');
  }
  await bench.run(`ip tuntap del dev ${tap} mode tap`);
});

inNamespace('whichever step fails, all is undone', async (bench) => {
  const state = async () => [
    await bench.run('ip -brief link show'),
    await bench.run('nft list ruleset'),
    await bench.run('sysctl net.ipv4.ip_forward'),
    bench.managed.left(),
  ];
  const before = await state();
  const { length } = await bench.managed.plan(lab, {});
  const changes = (argv: readonly string[]): boolean =>
    ['-batch', 'tee', 'mkdir', 'dnsmasq'].some((word) => argv.includes(word)) ||
    (argv.includes('nft') && argv.includes('-f')) ||
    (argv.includes('link') && argv.includes('set'));
  for (let at = 1; at <= length; at++) {
    let count = 0;
    const { managed } = bench.reborn((inner) => ({
      ...inner,
      run: async (argv, options) => {
        if (changes(argv) && ++count === at) throw new MvirtError({ code: 'PROGRAM_FAILED', message: 'broken on purpose' });
        return inner.run(argv, options);
      },
    }));
    await expect(managed.ensure(lab, {})).rejects.toMatchObject({ code: 'NETWORK_ERROR', message: expect.stringContaining('broken on purpose') });
    expect(await state()).toEqual(before);
  }
});

inNamespace('a port that another DNS server holds is named by the server itself, and nothing is left', async (bench) => {
  await bench.run(`dnsmasq --conf-file=/dev/null --port=53 --user=root --pid-file=${bench.stateDir}.pid --no-resolv --no-hosts --bind-dynamic --interface=*`);
  const other = Number(readFileSync(`${bench.stateDir}.pid`, 'utf8'));
  try {
    const failed = bench.managed.ensure(lab, {});
    await expect(failed).rejects.toMatchObject({
      code: 'NETWORK_ERROR',
      message: expect.stringMatching(/starting the server of the network lab: .*(in use|failed to create listening socket)/),
    });
    expect(await bench.run('ip -brief link show type bridge')).toBe('');
  } finally {
    process.kill(other, 'SIGKILL');
  }
});

inNamespace("the host's routes and addresses are seen, those of our own networks not", async (bench) => {
  await bench.outside([]);
  await bench.run('ip route add 10.77.0.0/16 via 198.18.0.2');
  await bench.managed.ensure(lab, {});
  const { taken, ipv6 } = await bench.managed.surroundings(['lab'], {});
  const subnets = taken.map(({ subnet }) => subnet);
  for (const expected of ['10.77.0.0/16', '198.18.0.0/30', 'fd99::/64']) expect(subnets).toContain(expected);
  expect(subnets.filter((subnet) => subnet.startsWith('10.9.') || subnet.startsWith('fd12:'))).toEqual([]);
  expect(ipv6).toBe(true);
});
