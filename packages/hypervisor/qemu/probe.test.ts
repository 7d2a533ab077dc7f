import { expect, test } from 'bun:test';
import type { ProbeRun } from '../probe-run.ts';
import { probeAccelerators, probeArgv } from './probe.ts';

const done = (additionsPerSecond: number): ProbeRun => ({ kind: 'done', additionsPerSecond });
const slow: ProbeRun = { kind: 'slow', fewerThan: 16.6e6 };

/** Answers by `name/cpu`, and keeps the order in which they were asked for. */
function probing(answers: Record<string, ProbeRun>, obstacle: string | null = null) {
  const asked: string[] = [];
  const result = probeAccelerators({
    program: '/usr/bin/qemu-system-x86_64',
    timeout: '/usr/bin/timeout',
    guestImage: '/tiny.elf',
    kvm: () => obstacle,
    run: async ({ accelerator }) => {
      const key = `${accelerator.name}/${accelerator.cpu}`;
      asked.push(key);
      return answers[key] ?? { kind: 'failed', words: 'not expected' };
    },
  });
  return result.then((probed) => ({ ...probed, asked }));
}

test('a KVM that runs the guest fast is taken, and nothing else is tried', async () => {
  const { accelerator, asked } = await probing({ 'kvm/host': done(4e9) });
  expect(accelerator).toEqual({ name: 'kvm', cpu: 'host' });
  expect(asked).toEqual(['kvm/host']);
});

test('a KVM that opens and crawls is not taken, with its speed in the notes', async () => {
  const { accelerator, asked, notes } = await probing({ 'kvm/host': slow, 'tcg/max': done(330e6) });
  expect(accelerator).toEqual({ name: 'tcg', cpu: 'max' });
  expect(asked).toEqual(['kvm/host', 'tcg/max']);
  expect(notes).toEqual([
    'kvm (-cpu host): ran the probe guest at fewer than 17 million additions a second: too slow for any real guest, not used',
    'tcg (-cpu max): ran the probe guest at 330 million additions a second',
  ]);
});

test('a KVM that finishes in time and is slower than the limit is not taken', async () => {
  expect((await probing({ 'kvm/host': done(49e6), 'tcg/max': done(330e6) })).accelerator?.name).toBe('tcg');
});

test('where the host CPU model aborts QEMU, a plain one is tried on KVM', async () => {
  const aborts: ProbeRun = { kind: 'failed', words: 'failed to set MSR 0x10a' };
  const { accelerator, notes } = await probing({ 'kvm/host': aborts, 'kvm/qemu64': done(3e9) });
  expect(accelerator).toEqual({ name: 'kvm', cpu: 'qemu64' });
  expect(notes[0]).toContain('failed to set MSR 0x10a');
});

test('without /dev/kvm only TCG is tried; a slow TCG is taken, as there is nothing better', async () => {
  const { accelerator, asked, notes } = await probing({ 'tcg/max': done(20e6) }, '/dev/kvm does not exist on this host');
  expect(accelerator?.name).toBe('tcg');
  expect(asked).toEqual(['tcg/max']);
  expect(notes[0]).toBe('kvm: /dev/kvm does not exist on this host');
});

test('a QEMU that runs nothing gives no accelerator, and says what it said', async () => {
  const { accelerator, notes } = await probing({ 'kvm/host': { kind: 'silent', afterMs: 700 } });
  expect(accelerator).toBeNull();
  expect(notes).toHaveLength(3);
  expect(notes[0]).toContain('did not come up within 0.7 s');
});

test('KVM is probed without a BIOS to speak of, TCG on the machine that VMs get', () => {
  expect(probeArgv('q', '/tiny.elf', { name: 'kvm', cpu: 'host' })).toContain('qboot.rom');
  expect(probeArgv('q', '/tiny.elf', { name: 'tcg', cpu: 'max' })).toEqual([
    ...['q', '-nodefaults', '-no-user-config', '-display', 'none', '-sandbox', 'on,spawn=deny', '-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', '16'],
    ...['-chardev', 'stdio,id=serial,signal=off', '-serial', 'chardev:serial', '-kernel', '/tiny.elf', '-append', 'probe=5'],
  ]);
});
