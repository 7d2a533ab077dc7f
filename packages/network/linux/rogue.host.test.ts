import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { NetNamespace } from '@mvirt/testkit/net-namespace';
import { type Before, routerAdvertisement, sendFrames, udp4, udp6 } from '@mvirt/testkit/network/frames';
import { type LinuxManagedBench, lackingForNetworks, openLinuxManaged } from '@mvirt/testkit/network/linux-managed';
import { labNetwork as lab } from '@mvirt/testkit/network/managed-contract';
import { waitFor } from '@mvirt/testkit/wait-for';
import { type Machine, machine, plugIn, unguard } from './testing/machines.ts';

const missing = lackingForNetworks() ?? (Bun.which('python3') === null ? 'python3 is missing' : null);
if (missing !== null) console.log(`skip: ${missing}`);

const web = machine('web', 7);
const evil = machine('evil', 8);

async function plug(bench: LinuxManagedBench, one: Machine): Promise<NetNamespace> {
  const ns = await plugIn(bench, one);
  await bench.run(`ip address add ${one.ipv4}/24 dev eth0`, ns);
  return ns;
}

/** Plain, and hidden behind headers that a careless filter does not look beyond. */
const disguises: Before[] = [[], [0], [60], [0, 60, 60]];

test.skipIf(missing !== null)('a guest that plays the router is heard by nobody, however it hides; without the guard it is', async () => {
  await using bench = await openLinuxManaged();
  await bench.managed.ensure(lab, {});
  const [to, from] = [await plug(bench, web), await plug(bench, evil)];
  const ends = { from: evil.own, to: 'ff02::1', fromMac: evil.mac, toMac: '33:33:00:00:00:01' };
  const frames = disguises.map((before, index) => routerAdvertisement(ends, `fd66:${index}::`, before));
  const believed = async () => {
    const shown = await bench.run('ip -6 address show dev eth0 scope global', to);
    return disguises.map((_, index) => shown.includes(`fd66:${index === 0 ? '' : `${index}:`}`));
  };
  await bench.run(sendFrames(frames), from);
  // It takes the same way, behind them.
  await bench.run(`ping -n -q -c 1 -W 5 ${web.ipv4}`, from);
  expect(await believed()).toEqual(disguises.map(() => false));
  expect(await bench.run('ip -6 route show default', to)).not.toContain(evil.own);
  await unguard(bench, evil);
  await bench.run(sendFrames(frames), from);
  await waitFor('all of them to be believed', async () => (await believed()).every(Boolean));
  expect(await bench.run('ip -6 route show default', to)).toContain(evil.own);
  await bench.managed.remove(lab, {});
});

/** Prints what comes to the ports of DHCP clients, until somebody says end on both. */
const listener = `
import select, socket
four = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); four.bind(('', 68))
six = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); six.bind(('::', 546))
print('ready', flush=True)
open = [four, six]
while open:
    for each in select.select(open, [], [])[0]:
        said = each.recv(2000).decode()
        if said == 'end': open.remove(each)
        else: print(said, flush=True)
print('end', flush=True)
`;

test.skipIf(missing !== null)('a guest that answers as a DHCP server is heard by nobody, however it hides; without the guard it is', async () => {
  await using bench = await openLinuxManaged();
  await bench.managed.ensure(lab, {});
  const [to, from] = [await plug(bench, web), await plug(bench, evil)];
  const ends4 = { from: evil.ipv4, to: web.ipv4, fromMac: evil.mac, toMac: web.mac };
  const ends6 = { ...ends4, from: evil.own, to: web.own };
  const frames = [
    udp4(ends4, [67, 68], 'offer4'),
    ...disguises.map((before, index) => udp6(ends6, [547, 546], `offer6-${index}`, before)),
    udp4(ends4, [4000, 68], 'end'),
    udp6(ends6, [4000, 546], 'end'),
  ];
  const heard = async (): Promise<string[]> => {
    const [program = '', ...args] = [...to.enter, 'python3', '-c', listener];
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    try {
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      await waitFor('the listener', () => said.startsWith('ready\n'));
      await bench.run(sendFrames(frames), from);
      await Promise.race([once(child, 'close'), waitFor('the end', () => said.endsWith('end\n'))]);
      return said.trim().split('\n').slice(1).sort();
    } finally {
      child.kill('SIGKILL');
    }
  };
  expect(await heard()).toEqual(['end']);
  await unguard(bench, evil);
  expect(await heard()).toEqual(['end', 'offer4', ...disguises.map((_, index) => `offer6-${index}`)]);
  await bench.managed.remove(lab, {});
});
