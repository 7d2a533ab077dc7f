import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { labNetwork as lab } from '@mvirt/testkit/network/managed-contract';
import { waitFor } from '@mvirt/testkit/wait-for';
import { serverFiles } from '../dnsmasq-text.ts';
import { machine, plugIn } from './testing/machines.ts';

const missing = lackingForNetworks() ?? (Bun.which('python3') === null ? 'python3 is missing' : null);
if (missing !== null) console.log(`skip: ${missing}`);

/** A client of RFC 8415: Solicit, Advertise, Request, Reply. It calls itself by its second argument (RFC 4704), and prints the address that it was given. */
const client = `
import socket, struct, sys
mac = bytes.fromhex(sys.argv[1].replace(':', ''))
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
s.settimeout(10)
s.bind(('::', 546))
def option(code, data): return struct.pack('!HH', code, len(data)) + data
def options(data):
    found = {}
    while len(data) >= 4:
        code, length = struct.unpack('!HH', data[:4])
        found[code] = data[4:4 + length]
        data = data[4 + length:]
    return found
name = sys.argv[2].encode()
own = option(1, struct.pack('!HH', 3, 1) + mac) + option(8, b'\\0\\0') + option(39, b'\\1' + bytes([len(name)]) + name + b'\\0')
def ask(kind, more):
    s.sendto(bytes([kind]) + b'\\1\\2\\3' + own + more, ('ff02::1:2', 547, 0, socket.if_nametoindex('eth0')))
    return options(s.recv(2000)[4:])
offered = ask(1, option(3, struct.pack('!III', 7, 0, 0)))
given = ask(3, option(2, offered[2]) + option(3, offered[3]))
print(socket.inet_ntop(socket.AF_INET6, options(given[3][12:])[5][:16]))
`;

test.skipIf(missing !== null)(
  'a DHCPv6 client gets the address that is kept for its NIC, through the guard, and whoever watches is told of the lease',
  async () => {
    await using bench = await openLinuxManaged();
    const { managed } = bench;
    const web = machine('web', 7);
    await managed.ensure({ ...lab, hosts: [{ mac: web.mac, ipv4: web.ipv4, ipv6: web.ipv6, name: 'web' }] }, {});
    const ns = await plugIn(bench, web);
    const told: string[] = [];
    using _watch = managed.watch('lab', (what) => told.push(what));
    expect(await bench.run(['python3', '-c', client, web.mac, 'web'], ns)).toBe(`${web.ipv6}\n`);
    await waitFor('the lease to be told', () => told.includes('leases'));
    expect(managed.leases('lab')).toEqual([{ address: web.ipv6, mac: null, expiresAtMs: expect.any(Number) }]);
    await managed.remove(lab, {});
  },
);

test.skipIf(missing !== null)('what a guest calls itself is no name: those of VMs are', async () => {
  await using bench = await openLinuxManaged();
  const machines = [machine('web', 7), machine('evil', 8)];
  const hosts = machines.map(({ mac, ipv4, ipv6 }, index) => ({ mac, ipv4, ipv6, name: index === 0 ? 'web' : null }));
  await bench.managed.ensure({ ...lab, hosts }, {});
  for (const one of machines) await bench.run(['python3', '-c', client, one.mac, 'db'], await plugIn(bench, one));
  const leases = readFileSync(serverFiles(bench.stateDir, 'lab').leases, 'utf8').trim().split('\n').slice(1);
  expect(leases.map((line) => line.split(' ').slice(2, 4).join(' ')).toSorted()).toEqual([`${machines[0]?.ipv6} web`, `${machines[1]?.ipv6} *`]);
  await bench.managed.remove(lab, {});
});
