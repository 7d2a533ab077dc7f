import { expect, test } from 'bun:test';
import { writeFileSync } from 'node:fs';
import type { HypervisorReport } from '@mvirt/hypervisor';
import { createFakeHypervisor } from '@mvirt/testkit/fake-hypervisor';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { checkDataDir } from './data-dir.ts';
import { checkGrpc } from './grpc.ts';
import { checkHypervisors, checkSnapshots, judge } from './hypervisors.ts';
import { checkPrograms } from './programs.ts';
import { checkRights } from './rights.ts';

const qemu: HypervisorReport = {
  kind: 'qemu',
  version: '7.2.22',
  program: '/usr/bin/qemu',
  usable: true,
  accelerator: 'kvm',
  notes: ['kvm: fast'],
  hint: null,
};
const brief = (checks: { id: string; status: string }[]) => checks.map(({ id, status }) => `${id} ${status}`);

test('a hypervisor on KVM is fine, on TCG it is slow and says why, and a missing one says what to install', () => {
  expect(brief(judge(qemu))).toEqual(['hypervisor.qemu ok', 'acceleration.qemu ok']);
  const slow = judge({ ...qemu, accelerator: 'tcg', notes: ['kvm: hangs'], hint: 'guests are emulated' });
  expect(brief(slow)).toEqual(['hypervisor.qemu ok', 'acceleration.qemu warning']);
  expect(slow[1]).toMatchObject({ detail: 'guests run on tcg\nkvm: hangs', hint: 'guests are emulated' });
  const gone = judge({ ...qemu, usable: false, version: null, program: null, accelerator: null, notes: ['not installed'], hint: 'apt-get install it' });
  expect(gone).toEqual([{ id: 'hypervisor.qemu', status: 'problem', title: 'qemu', detail: 'not installed', hint: 'apt-get install it' }]);
});

test('which hypervisor new VMs get is said, and why the one before it does not serve', async () => {
  const looked = async (report: Partial<HypervisorReport>, fallback: Partial<HypervisorReport> = {}) => {
    const first = createFakeHypervisor({ kind: 'cloud-hypervisor' });
    first.setReport({ accelerator: 'kvm', ...report });
    const second = createFakeHypervisor({ kind: 'qemu' });
    second.setReport(fallback);
    return await checkHypervisors([first, second], {});
  };
  expect((await looked({})).at(-1)).toMatchObject({ status: 'ok', detail: 'cloud-hypervisor on kvm, unless a VM names another' });
  const crawls = await looked({ usable: false, slow: true, notes: ['kvm: 1.1 million additions a second'] });
  expect(brief(crawls)).toEqual([
    'hypervisor.cloud-hypervisor ok',
    'acceleration.cloud-hypervisor warning',
    'hypervisor.qemu ok',
    'acceleration.qemu warning',
    'hypervisor.choice ok',
  ]);
  expect(crawls.at(-1)?.detail).toContain('cloud-hypervisor would come first and crawls here: only a VM that names it gets it');
  const missing = { usable: false, version: null, program: null, accelerator: null, notes: ['not installed'], hint: 'install it' };
  expect(brief(await looked(missing))[0]).toBe('hypervisor.cloud-hypervisor warning');
  expect(brief(await looked(missing, missing))).toEqual(['hypervisor.cloud-hypervisor problem', 'hypervisor.qemu problem', 'hypervisor.choice problem']);
});

test('why there are no snapshots is said once; a hypervisor that takes them needs no word', () => {
  const fake = (snapshot: string | null) => createFakeHypervisor({ capabilities: { snapshot } });
  expect(checkSnapshots([fake('none yet'), fake('none yet')])).toMatchObject([{ id: 'snapshots', status: 'ok', detail: 'none yet' }]);
  expect(checkSnapshots([fake(null)])).toEqual([]);
});

test('missing programs name their Debian package; either packer of seeds will do', () => {
  const have = (...names: string[]) => checkPrograms({ find: (name) => (names.includes(name) ? `/usr/bin/${name}` : null) });
  expect(brief(have('setpriv', 'timeout', 'ip', 'nft', 'dnsmasq', 'xorriso', 'qemu-img', 'xz', 'zstd', 'bzip2')).every((line) => line.endsWith(' ok'))).toBe(
    true,
  );
  const none = have();
  expect(brief(none)).toEqual([
    'program.setpriv problem',
    'program.timeout problem',
    'program.ip warning',
    'program.nft warning',
    'program.dnsmasq warning',
    'program.genisoimage warning',
    'program.qemu-img warning',
    'program.xz warning',
    'program.zstd warning',
    'program.bzip2 warning',
  ]);
  expect(none.map(({ hint }) => hint)).toContain('apt-get install --no-install-recommends iproute2');
});

test('rights of root with and without the group, and of an ordinary user', () => {
  const all = { uid: 0, netAdmin: true, tun: true, kvm: true };
  expect(brief(checkRights(all, 900)).filter((line) => !line.endsWith(' ok'))).toEqual([]);
  expect(checkRights(all, null)[0]).toMatchObject({ status: 'warning', hint: expect.stringContaining('groupadd --system mvirt') });
  const user = checkRights({ uid: 1000, netAdmin: false, tun: false, kvm: false }, 900);
  expect(brief(user)).toEqual(['rights.user warning', 'rights.network warning', 'rights.tun warning', 'rights.kvm warning']);
  expect(user.every(({ hint }) => hint !== null)).toBe(true);
});

test('the data directory: who holds it, what it is, and how much room there is', () => {
  using dir = tempDir();
  const holders = new Map<string, { pid: number; command: string }[]>();
  const host = (freeMib: number) => ({ files: { freeBytes: () => freeMib << 20 }, processes: { holdersOf: (path: string) => holders.get(path) ?? [] } });
  const check = (folder: string, freeMib = 2047) => checkDataDir(host(freeMib) as never, folder, 'mvirt.db');
  expect(brief(check(dir.path))).toEqual(['data-dir.state ok', 'data-dir.room warning']);
  expect(check(dir.join('not', 'yet'))[0]?.detail).toEndWith('does not exist yet: the agent makes it');
  expect(brief(check(dir.path, 100))[1]).toBe('data-dir.room problem');
  writeFileSync(dir.join('file'), '');
  expect(check(dir.join('file'))[0]).toMatchObject({ status: 'problem', detail: expect.stringContaining('is no directory') });
  holders.set(dir.join('mvirt.db'), [{ pid: 7, command: 'mvirt-vmm' }]);
  expect(check(dir.path)[0]).toMatchObject({ status: 'problem', hint: expect.stringContaining('stop process 7') });
  holders.set(dir.join('mvirt.lock'), [{ pid: 8, command: 'mvirt' }]);
  expect(check(dir.path)[0]).toMatchObject({ status: 'ok', detail: `${dir.path}: an agent uses it, process 8 (mvirt)` });
});

test('the port of gRPC clients: free, the agent, or somebody else', async () => {
  const check = (listeners: { uid: number; pid: number | null; command: string | null }[], agents: number[] = []) =>
    checkGrpc(
      { sockets: { tcpListenersOn: async () => listeners }, processes: { holdersOf: () => agents.map((pid) => ({ pid, command: 'mvirt' })) } },
      '/data',
    );
  expect(await check([])).toMatchObject({ status: 'ok', detail: expect.stringContaining('nobody listens on port 50051') });
  expect(await check([{ uid: 0, pid: 7, command: 'mvirt' }], [7])).toMatchObject({ status: 'ok', detail: 'the agent answers them on port 50051' });
  expect(await check([{ uid: 0, pid: 7, command: 'mvirt-vmm' }], [8])).toMatchObject({
    status: 'warning',
    detail: 'port 50051 is in use by process 7 (mvirt-vmm): an agent on /data answers no gRPC clients there',
    hint: expect.stringContaining('--listen [::1]:PORT'),
  });
  expect((await check([{ uid: 1000, pid: null, command: null }], [8])).detail).toContain('a process of user 1000');
});
