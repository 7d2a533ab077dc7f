import type { Vm } from '@mvirt/api/schema';
import { fakeVm } from './fake-agent.ts';
import { openUi } from './open-ui.tsx';

type Open = Awaited<ReturnType<typeof openUi>>;

export type ScreenName = (typeof screens)[number]['name'];

export const documentSizes = [
  { width: 80, height: 24 },
  { width: 140, height: 40 },
] as const;

const gib = 1024 ** 3;
const vms: readonly Vm[] = [
  fakeVm({
    name: 'web-1',
    id: '6f1c2a90-93aa-4f11-8a0c-0c6d2b8f1e01',
    state: 'running',
    keepRunning: true,
    pid: 4711,
    startedAt: '2026-01-02T12:01:04Z',
    disks: [{ path: '/srv/vm/web-1.qcow2', readonly: false, format: 'qcow2' }],
    nics: [{ mac: '52:54:00:3c:aa:01', tap: 'mvirt-6f1c2a90', network: 'br0', kept: [], addresses: ['192.0.2.11'] }],
    labels: { role: 'front' },
    pending: { vcpus: 4 },
  }),
  fakeVm({ name: 'web-2', state: 'running', nics: [{ mac: '52:54:00:3c:aa:02', tap: null, network: 'br0', kept: [], addresses: ['192.0.2.12'] }] }),
  fakeVm({ name: 'db', state: 'stopped', vcpus: 4, memoryBytes: 2 * gib, disks: [{ path: '/srv/vm/db.raw', readonly: false, format: 'raw' }] }),
  fakeVm({ name: 'build', state: 'starting', vcpus: 8, memoryBytes: 16 * gib }),
  fakeVm({ name: 'cache', state: 'paused' }),
  fakeVm({ name: 'mail', state: 'running', responsive: false }),
  fakeVm({ name: 'test-3', lastExit: { at: '2026-01-02T11:58:00Z', cause: 'guest-panic', detail: 'the guest panicked', hint: 'mvirt logs test-3' } }),
];

const log = [
  ['12:01:02', 'event', 'info', 'created'],
  ['12:01:03', 'event', 'info', 'starting'],
  ['12:01:03', 'hypervisor', 'info', 'cloud-hypervisor: vm booted'],
  ['12:01:04', 'event', 'info', 'running'],
  ['12:04:40', 'hypervisor', 'warning', 'virtio-net: the guest has turned checksum offload off, so that every packet is checked by the CPU'],
  ['12:07:11', 'event', 'error', 'disk /srv/vm/extra.raw was not attached: it does not exist'],
  ['12:07:30', 'event', 'info', 'disk /srv/vm/data.raw attached'],
] as const;

const folders: Record<string, { name: string; kind: 'folder' | 'file'; sizeBytes: number }[]> = {
  '/srv/vm': [
    { name: 'old', kind: 'folder', sizeBytes: 0 },
    { name: 'data.raw', kind: 'file', sizeBytes: 8 * gib },
    { name: 'debian-12.qcow2', kind: 'file', sizeBytes: 400 * 1024 ** 2 },
    { name: 'initrd.img', kind: 'file', sizeBytes: 33 * 1024 ** 2 },
    { name: 'vmlinuz', kind: 'file', sizeBytes: 8 * 1024 ** 2 },
  ],
};

/** The UI as it is on a busy afternoon. */
async function openAfternoon(size: { width: number; height: number }): Promise<Open> {
  const open = await openUi(size);
  open.fake.answers.listImages = async () => [
    { name: 'debian-12', sizeBytes: 3 * 1024 ** 3 },
    { name: 'noble', sizeBytes: 3.5 * 1024 ** 3 },
  ];
  open.fake.answers.listFolder = async (path) => folders[path] ?? [];
  open.fake.vms({ kind: 'snapshot', vms: [...vms] });
  open.ui.vms.select(vms[0]?.id ?? '');
  open.timers.pass(100);
  await open.frame();
  for (const [web1, web2] of [
    [12, 2],
    [60, 3],
    [140, 2],
    [90, 4],
    [74, 2],
  ])
    open.ui.vms.setUsage([
      { id: vms[0]?.id ?? '', cpuPercent: web1 ?? 0, rssBytes: 0 },
      { id: 'id-web-2', cpuPercent: web2 ?? 0, rssBytes: 0 },
      { id: 'id-cache', cpuPercent: 0, rssBytes: 0 },
    ]);
  const id = vms[0]?.id ?? '';
  for (const [time, source, level, text] of log) open.fake.log(id, { at: `2026-01-02T${time}Z`, source, level, text });
  open.fake.print(
    id,
    '\r\nDebian GNU/Linux 12 web-1 ttyS0\r\n\r\nweb-1 login: root\r\nroot@web-1:~# uptime\r\n 12:08:01 up 6 min,  1 user,  load average: 0.42\r\nroot@web-1:~# ',
  );
  open.fake.toConsole(id, { kind: 'live', cursor: 'log:1' });
  return open;
}

const typed = (text: string): string[] => [...text];

/** Every screen, and the keys that lead to it. */
export const screens = [
  { name: 'overview', keys: [] },
  { name: 'list', keys: ['z'] },
  { name: 'marks', keys: ['/', ...typed('web'), 'ENTER', ' ', ' '] },
  { name: 'logs', keys: ['l', 'z', '/', ...typed('disk'), 'ENTER', 'w'] },
  { name: 'console', keys: ['ENTER'] },
  { name: 'console-alone', keys: ['ENTER', '^a', 'z'] },
  { name: 'details', keys: ['i'] },
  { name: 'create', keys: ['c', ...typed('Web'), 'TAB', 'TAB', 'TAB', 'TAB', ...typed('vmlinuz'), '^s'] },
  { name: 'images', keys: ['c', 'TAB', '^o'] },
  { name: 'files', keys: ['c', 'TAB', 'TAB', 'TAB', ...typed('/srv/vm/'), '^o'] },
  { name: 'change', keys: ['E', 'TAB', 'TAB', 'BACKSPACE', 'BACKSPACE', 'BACKSPACE', 'BACKSPACE', ...typed('2G')] },
  { name: 'add-disk', keys: ['i', 'a', ...typed('/srv/vm/data.raw'), 'TAB', 'TAB'] },
  { name: 'kill', keys: ['k'] },
  { name: 'command', keys: [':', ...typed('at')] },
  { name: 'help', keys: ['?'] },
  { name: 'lost', keys: [] },
] as const;

/** One screen as text, a line a row, without blanks at their ends. */
export async function drawScreen(name: ScreenName, size: { width: number; height: number }): Promise<string> {
  await using open = await openAfternoon(size);
  if (name === 'lost') open.fake.lose(3);
  await open.keys(...(screens.find((screen) => screen.name === name)?.keys ?? []));
  // What a form checks, and a folder that is read, comes with the next turn.
  await new Promise((resolve) => setImmediate(resolve));
  await open.frame();
  const frame = await open.frame();
  return frame.replaceAll(/ +$/gm, '').trimEnd();
}
