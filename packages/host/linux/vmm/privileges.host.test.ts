import { expect, test } from 'bun:test';
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync } from 'node:fs';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { runLeaves, startTestVmm, statusField } from '@mvirt/testkit/test-vmm';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createLinuxHost } from '../index.ts';

const isRoot = process.geteuid?.() === 0;
const nobody = 65534;
const dacOverride = '0000000000000002';
const none = '0000000000000000';
const capabilities = (pid: number) => ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'].map((name) => statusField(pid, name));

const rootTest = (name: string, body: () => Promise<void>, timeoutMs?: number) => {
  if (!isRoot) console.log(`skipped, needs root: ${name}`);
  (isRoot ? test : test.skip)(name, body, timeoutMs);
};

rootTest("root's VMM has no_new_privs and CAP_DAC_OVERRIDE alone", async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  await using vmm = await startTestVmm(createLinuxHost(), dir.path, ['sleep', '1000']);
  expect(capabilities(vmm.process.pid)).toEqual([dacOverride, dacOverride, dacOverride, dacOverride, dacOverride]);
  expect(statusField(vmm.process.pid, 'NoNewPrivs')).toBe('1');
});

rootTest("an ordinary user's VMM has no_new_privs and nothing", async () => {
  using dir = tempDir('host');
  await using _leaks = watchLeaks({ dir: dir.path, mayStay: runLeaves });
  chmodSync(dir.path, 0o777);
  const script = `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('../index.ts'))});
    const plan = { runDir: ${JSON.stringify(dir.path)}, argv: ['sleep', '1000'], env: {}, exitFile: 'exit-0', input: 'pty' };
    const host = createLinuxHost();
    const vmm = await host.vmms.spawn(plan, { signal: AbortSignal.timeout(10000) });
    const input = await host.vmms.openInput({ ...plan, process: vmm });
    input.close();
    console.log(JSON.stringify(vmm));
  `;
  // A user cannot look into root's directories: what cannot be read there is the test's fault, not the host's.
  const output = asNobody(script);
  const host = createLinuxHost();
  const vmm = JSON.parse(output);
  expect(capabilities(vmm.pid).filter((_, index) => index !== 3)).toEqual([none, none, none, none]);
  expect(statusField(vmm.pid, 'NoNewPrivs')).toBe('1');
  expect(statusField(vmm.pid, 'Uid').split('\t')[0]).toBe(String(nobody));
  host.processes.signal(vmm, 'SIGKILL');
  await waitFor('the VMM to be gone', () => !host.processes.isAlive(vmm));
});

rootTest(
  "a VMM without the right to make TAPs opens the TAP that is its user's, and no other",
  async () => {
    const host = createLinuxHost();
    const qemu = host.programs.find('qemu-system-x86_64');
    if (qemu === null || host.programs.find('ip') === null) throw new Error('needs qemu-system-x86 and iproute2');
    using dir = tempDir('host');
    await using _leaks = watchLeaks({ dir: dir.path, mayStay: (file) => runLeaves(file) || file === 'qmp.sock' });
    // The namespace lives as long as this process; the TAPs live and die in it.
    const holder = spawn(
      'unshare',
      ['-n', 'sh', '-c', 'ip tuntap add mvirt-own mode tap user 0 && ip tuntap add mvirt-other mode tap user 1000 && exec sleep 1000'],
      { stdio: 'ignore' },
    );
    await using stack = new AsyncDisposableStack();
    stack.defer(() => void holder.kill('SIGKILL'));
    await waitFor('the TAPs', () => execFileSync('cat', [`/proc/${holder.pid}/net/dev`]).includes('mvirt-other'));

    const qemuWith = (tap: string) => {
      const machine = ['-M', 'q35', '-accel', 'tcg', '-m', '64', '-nodefaults', '-display', 'none', '-S', '-sandbox', 'on'];
      const nic = ['-netdev', `tap,id=n0,ifname=${tap},script=no,downscript=no`, '-device', 'virtio-net-pci,romfile=,netdev=n0'];
      return [qemu, ...machine, '-qmp', 'unix:qmp.sock,server=on,wait=off', ...nic];
    };
    // nsenter enters first, with root's rights; setpriv takes them away from what it starts. The agent itself lives in the namespace.
    const inside = (argv: string[]) => ['nsenter', `--net=/proc/${holder.pid}/ns/net`, ...argv];
    const script = (tap: string) => `
    const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('../index.ts'))});
    const plan = { runDir: ${JSON.stringify(dir.path)}, argv: ${JSON.stringify(qemuWith(tap))}, env: {}, exitFile: 'exit-1', input: 'fifo' };
    const host = createLinuxHost();
    const vmm = await host.vmms.spawn(plan, { signal: AbortSignal.timeout(10000) });
    console.log(JSON.stringify(vmm));
  `;
    const start = (tap: string) => {
      const [program = '', ...args] = inside([process.execPath, '-e', script(tap)]);
      return JSON.parse(execFileSync(program, args, { encoding: 'utf8' }));
    };

    const refused = start('mvirt-other');
    await waitFor('QEMU to give up', () => !host.processes.isAlive(refused));
    expect(await host.vmms.waitExit(dir.path, 'exit-1', { timeoutMs: 5000 })).toEqual({ status: 1, signal: null });
    expect(await Bun.file(dir.join('stdout.log')).text()).toContain('could not configure /dev/net/tun (mvirt-other): Operation not permitted');

    const accepted = start('mvirt-own');
    stack.defer(() => void host.processes.signal(accepted, 'SIGKILL'));
    await waitFor('QEMU to have opened the TAP', () => tapsOf(accepted.pid).includes('mvirt-own'));
    expect(capabilities(accepted.pid)).toEqual([dacOverride, dacOverride, dacOverride, dacOverride, dacOverride]);
    host.processes.signal(accepted, 'SIGKILL');
    expect(await host.vmms.waitExit(dir.path, 'exit-1', { timeoutMs: 5000 })).toMatchObject({ status: null, signal: 'SIGKILL' });
  },
  60_000,
);

function asNobody(script: string): string {
  return execFileSync('setpriv', [`--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', process.execPath, '-e', script], { encoding: 'utf8', cwd: '/' });
}

/** A TAP's name stands in the fdinfo of the descriptor that opened it. */
function tapsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fdinfo`).flatMap((fd) => {
    try {
      return /^iff:\s+(\S+)$/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, 'utf8'))?.[1] ?? [];
    } catch {
      return []; // closed while we looked
    }
  });
}
