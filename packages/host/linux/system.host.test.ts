import { expect, test } from 'bun:test';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { watchLeaks } from '@mvirt/testkit/leak-check';
import { waitFor } from '@mvirt/testkit/wait-for';
import { createHostSystem } from './system.ts';

const system = createHostSystem();

test("the host's figures are those of /proc", () => {
  const figures = system.figures();
  expect(figures.hostname).toBe(hostname());
  expect(figures.kernelVersion).toBe(readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim());
  expect(Math.abs(figures.uptimeSeconds - Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0]))).toBeLessThan(2);
  expect(figures.cpus).toBeGreaterThanOrEqual(1);
  expect(figures.memoryBytes).toBe(Number(/^MemTotal:\s+(\d+)/m.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1]) * 1024);
  expect(figures.availableMemoryBytes).toBeGreaterThan(0);
  expect(figures.availableMemoryBytes).toBeLessThan(figures.memoryBytes);
  expect(figures.load.every((load) => load >= 0)).toBe(true);
});

test('a process is charged for its CPU time and memory while it lives', async () => {
  await using _leaks = watchLeaks();
  const busy = spawn('sh', ['-c', 'while :; do :; done'], { stdio: 'ignore' });
  const pid = busy.pid ?? 0;
  const used = await waitFor('100 ms of CPU time', () => {
    const usage = system.usage(pid);
    return usage !== null && usage.cpuMs >= 100 ? usage : null;
  });
  expect(used.rssBytes).toBeGreaterThan(100 * 1024);
  expect(used.rssBytes).toBeLessThan(50 * 1024 * 1024);
  busy.kill('SIGKILL');
  await once(busy, 'exit');
  expect(system.usage(pid)).toBeNull();
});

test('rights are what the kernel would grant', () => {
  if (process.geteuid?.() !== 0) return console.log('skipped, needs root to give rights away: rights');
  const rightsWith = (...flags: string[]) => {
    const script = `
      const { createLinuxHost } = await import(${JSON.stringify(import.meta.resolve('./index.ts'))});
      console.log(JSON.stringify(createLinuxHost().system.rights()));
    `;
    return JSON.parse(execFileSync('setpriv', [...flags, process.execPath, '-e', script], { encoding: 'utf8', cwd: '/' }));
  };
  expect(rightsWith('--bounding-set=-all,+net_admin')).toMatchObject({ uid: 0, netAdmin: true });
  expect(rightsWith('--bounding-set=-all,+dac_override')).toMatchObject({ uid: 0, netAdmin: false });
  const [tun, kvm] = ['/dev/net/tun', '/dev/kvm'].map((path) => opensForNobody(path));
  expect(rightsWith('--reuid=65534', '--regid=65534', '--clear-groups')).toEqual({ uid: 65534, netAdmin: false, tun, kvm });
});

function opensForNobody(path: string): boolean {
  try {
    execFileSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'sh', '-c', 'exec 3<>"$0"', path], { stdio: 'ignore' });
    return true;
  } catch {
    return false; // refused or missing
  }
}
