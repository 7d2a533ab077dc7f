import { afterAll, beforeAll, expect, test } from 'bun:test';
import { execFile } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { asVmId, newCondition, type ObservedState } from '@mvirt/domain';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { vmSpec } from '@mvirt/testkit/vm-spec';
import { waitFor } from '@mvirt/testkit/wait-for';
import { parse } from '../cli/parse.ts';
import { mainPath } from '../cli/testing/spawn-mvirt.ts';
import { createOwnFiles } from './forms/own-files.ts';
import { commands } from './keymap/commands.ts';
import { splitLine } from './keymap/split-line.ts';
import { createClientAgent } from './stores/client-agent.ts';
import type { FormStore } from './stores/form-store.ts';
import { createRunLine } from './stores/run-line.ts';
import { systemTimers } from './stores/timers.ts';
import { createUi, type Ui } from './stores/ui.ts';

const acting: ReadonlySet<string> = new Set(
  ['create', 'set', 'start', 'stop', 'kill', 'reboot', 'pause', 'resume', 'delete', 'attachDisk', 'detachDisk', 'attachNic', 'detachNic'], // all that change something
);
const shell = promisify(execFile);

const stack = new AsyncDisposableStack();
let ui: Ui;
/** What the services were asked, by whomever. */
let asked: unknown[][] = [];
let setState: (state: ObservedState) => Promise<void>;
let dir: ReturnType<typeof tempDir>;

/** A name that a shell would take apart. */
const odd = "it's $HOME; here";

const snapshot = (id: string, name: string, state: ObservedState): ReturnType<typeof doubleVm> => ({
  ...doubleVm(id, name),
  spec: vmSpec({ memoryMib: 512, kernel: '/boot/vmlinuz', disks: [{ path: '/srv/a b.raw', readonly: false, format: 'raw' }] }),
  nics: [{ mac: '52:54:00:00:00:01', tap: null, network: 'br0', kept: [], addresses: [] }],
  condition: { ...newCondition(), observed: state },
});

beforeAll(async () => {
  dir = stack.use(tempDir());
  const services = doubleServices();
  const plain = services.vms;
  services.vms = new Proxy(plain, {
    get(target, name) {
      if (!acting.has(String(name))) return Reflect.get(target, name);
      return async (...given: unknown[]) => {
        asked.push([name, ...given.map(withoutSignal)]);
        const vm = plain.get(asVmId('vm-1'));
        return { vm, warnings: [], changed: true, note: null };
      };
    },
  });
  const socketPath = dir.join('agent.sock');
  stack.use(await serveDouble(socketPath, services));
  const client = createClientAgent({ socketPath, tried: [socketPath] });
  stack.defer(() => client.close());
  ui = createUi({
    agent: client.agent,
    timers: systemTimers(),
    files: createOwnFiles(dir.path),
    runLine: createRunLine({ api: client.api, cwd: dir.path, env: {} }),
    copy: () => true,
    inTerminal: async () => 0,
    onSuspend: () => {},
    onQuit: () => {},
  });
  stack.defer(() => ui.dispose());
  setState = async (state) => {
    for (const [id, name] of [
      ['vm-1', odd],
      ['vm-2', 'web-2'],
    ] as const)
      services.vmsById.set(asVmId(id), snapshot(id, name, state));
    services.append();
    await waitFor(`VMs that are ${state}`, () => ui.vms.all().length === 2 && ui.vms.all().every((vm) => vm.state === state));
    ui.vms.select('vm-1');
  };
  writeFileSync(dir.join('mvirt'), `#!/bin/sh\nexec '${process.execPath}' '${mainPath}' "$@"\n`);
  chmodSync(dir.join('mvirt'), 0o755);
  writeFileSync(dir.join('user data.yaml'), '#cloud-config\n');
  writeFileSync(dir.join('key.pub'), '# mine\nssh-ed25519 AAAA me@host\n');
});
afterAll(() => stack.disposeAsync());

function withoutSignal(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !('signal' in value)) return value;
  const { signal: _, ...others } = value;
  return others;
}

function run(id: string): void {
  const command = commands.find((each) => each.id === id);
  if (command === undefined) throw new Error(`no command ${id}`);
  expect(command.disabledReason(ui.view())).toBeNull();
  ui.run(command, ui.view());
}

function form(): FormStore {
  const front = ui.dialogs.front();
  if (front?.kind !== 'form') throw new Error('no form is open');
  return front.store;
}

/** Types into the form that is open and presses a button. */
function fill(texts: Record<string, string>, button = 0): void {
  const store = form();
  for (const [field, text] of Object.entries(texts)) store.type(field, text);
  store.press(button);
}

/** Brings the cursor of the details to a disk or NIC. */
function toPart(kind: 'disk' | 'nic'): void {
  const front = ui.dialogs.front();
  if (front?.kind !== 'details') throw new Error('no details are open');
  front.store.moveTo(front.store.rows().findIndex((row) => row.part?.kind === kind));
}

type Case = { id: string; state?: ObservedState; note?: string; requests?: number; act?: () => void };

/** Every action of the UI; a command may stand here more than once. */
const cases: Case[] = [
  { id: 'start', state: 'stopped' },
  { id: 'start', state: 'stopped', note: ' of all that are marked', requests: 2, act: () => [ui.vms.marks.toggleAll(), run('start'), ui.vms.marks.clear()] },
  { id: 'stop' },
  { id: 'kill', act: () => [run('kill'), ui.actions.answer(true)] },
  { id: 'delete', state: 'stopped', act: () => [run('delete'), ui.actions.answer(true)] },
  { id: 'reboot' },
  { id: 'pause' },
  { id: 'resume', state: 'paused' },
  {
    id: 'create',
    act: () => [
      run('create'),
      fill({
        name: 'web-9',
        disk: '/srv/a,b.qcow2',
        vcpus: '2',
        memory: '2G',
        network: 'tap=t0,mac=52:54:00:00:00:09',
        userData: 'user data.yaml',
        sshKey: 'key.pub',
      }),
    ],
  },
  {
    id: 'create',
    note: ' and start',
    requests: 2,
    act: () => [
      run('create'),
      fill({ image: 'debian-12', diskSize: '20G', kernel: '/boot/vmlinuz', initramfs: '/boot/initrd', cmdline: "console=ttyS0 'x'", network: '' }, 1),
    ],
  },
  { id: 'set', act: () => [run('set'), fill({ name: 'web-7', vcpus: '4', memory: '1G', cmdline: 'quiet splash', restart: 'on-failure', autostart: 'on' })] },
  { id: 'set', note: ' that takes something away', act: () => [run('set'), fill({ name: 'web-7', cmdline: '' })] },
  { id: 'attach-disk', act: () => [run('get'), run('attach-disk'), fill({ path: '/srv/new disk.img', format: 'qcow2' }, 1)] },
  { id: 'attach-disk', note: ' by its name alone', act: () => [run('get'), run('attach-disk'), fill({ path: '/srv/new.qcow2' })] },
  { id: 'attach-nic', act: () => [run('get'), run('attach-nic'), fill({ network: 'tap=t1', mac: '52:54:00:AA:00:02' })] },
  { id: 'attach-nic', note: ' as it comes', act: () => [run('get'), run('attach-nic'), fill({})] },
  { id: 'detach', note: ' of a disk', act: () => [run('get'), toPart('disk'), run('detach')] },
  { id: 'detach', note: ' of a NIC', act: () => [run('get'), toPart('nic'), run('detach')] },
];

for (const { id, state = 'running', note = '', requests = 1, act = () => run(id) } of cases) {
  test(`${id}${note}: the line that is shown makes the same request in a shell`, async () => {
    await setState(state);
    asked = [];
    act();
    await waitFor('the request', () => asked.length >= requests);
    await waitFor('the form to be done', () => ui.dialogs.front()?.kind !== 'form');
    const line = ui.lastLine() ?? '';
    ui.dialogs.closeAll();
    const byUi = asked.splice(0);
    const { stderr } = await shell('sh', ['-c', line], {
      cwd: dir.path,
      env: { ...process.env, PATH: `${dir.path}:${process.env.PATH}`, MVIRT_SOCKET: dir.join('agent.sock') },
    });
    expect(stderr).toBe('');
    expect(sorted(asked)).toEqual(sorted(byUi));
    expect(byUi.length).toBe(requests);
  });
}

const sorted = (requests: unknown[][]): unknown[][] => requests.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** What changes nothing, with the command that does the same. */
const looks: Record<string, string> = { console: 'console', logs: 'logs', get: 'get', ssh: 'ssh' };

test.each(Object.entries(looks))('%s shows the line that does the same', async (id, name) => {
  await setState('running');
  const line = commands.find((command) => command.id === id)?.cliLine(ui.view()) ?? '';
  const parsed = parse(splitLine(line)?.slice(1) ?? []);
  expect(parsed.kind === 'command' && { name: parsed.command.name, vm: parsed.invocation.args.vm }).toEqual({ name, vm: [odd] });
});

test('no command that shows a line is left out', async () => {
  await setState('running');
  run('get');
  toPart('disk');
  const view = ui.view();
  ui.dialogs.closeAll();
  const withLine = commands.filter((command) => command.cliLine({ ...view, mode: command.when[0] ?? 'list' }) !== null).map((command) => command.id);
  expect(withLine.toSorted()).toEqual([...new Set([...cases.map((each) => each.id), ...Object.keys(looks)])].toSorted());
});

test('a line that is typed makes the same request as in a shell', async () => {
  await setState('running');
  asked = [];
  ui.actions.openPalette();
  ui.actions.type('mvirt stop -t 7 web-2');
  ui.actions.accept();
  await waitFor('the request', () => asked.length > 0);
  expect(asked).toEqual([['stop', 'vm-2', { graceMs: 7000 }]]);
});
