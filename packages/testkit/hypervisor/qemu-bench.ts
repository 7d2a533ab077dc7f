import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import type { Disk, VmSpec } from '@mvirt/domain';
import { type LinuxGuest, tinyGuestPath } from '@mvirt/guests';
import { runFiles } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import { createQemuDriver } from '@mvirt/hypervisor/qemu';
import { watchLeaks } from '../leak-check.ts';
import { deepTempDir, type TempDir, tempDir } from '../temp-dir.ts';
import type { BenchRoom, HypervisorBench } from './bench.ts';
import { type GuestKeys, linuxKeys, tinyKeys, typingHand } from './guest-keys.ts';
import { insideNetNamespace } from './net-rerun.ts';
import { requestIn } from './request.ts';

type RoomOptions = { boot: Partial<VmSpec>; keys: GuestKeys; guestMs: number };

/** No operating system resets again within a second of its boot; the bare-metal guest could. */
const resetsApartMs = 1000;

/** QEMU with the bare-metal guest: it does all, or none when told so by its command line. */
export function qemuTinyBench(name: string, cmdline: 'deaf keep' | ''): HypervisorBench {
  const can = cmdline === '';
  const options: RoomOptions = { boot: { kernel: tinyGuestPath(), cmdline, memoryMib: 32 }, keys: tinyKeys, guestMs: 10_000 };
  return {
    name,
    guest: { hearsButton: can, seesHotplug: true, ejects: can },
    missing: lacking(),
    missingForNics: lackingForNics(),
    guestMs: options.guestMs,
    ...rooms(options),
  };
}

/** QEMU with a small Linux: null where it cannot be built, with the reason. */
export function qemuLinuxBench(guest: LinuxGuest | null, missing: string | null): HypervisorBench {
  const options: RoomOptions = { boot: { ...guest, memoryMib: 256 }, keys: linuxKeys, guestMs: 60_000 };
  return {
    name: 'QEMU, a small Linux',
    guest: { hearsButton: true, seesHotplug: true, ejects: true },
    missing: lacking() ?? missing,
    missingForNics: lackingForNics(),
    guestMs: options.guestMs,
    ...rooms(options),
  };
}

/** The accelerator is found out once for all rooms, as one agent after another on a host does. */
function rooms(options: RoomOptions): Pick<HypervisorBench, 'resetsApartMs' | 'open' | 'close'> {
  let probes: TempDir | null = null;
  return {
    resetsApartMs,
    async open() {
      probes ??= tempDir('probe');
      return openRoom(options, probes.path);
    },
    close() {
      probes?.[Symbol.dispose]();
      probes = null;
    },
  };
}

function lacking(): string | null {
  if (createLinuxHost().programs.find('qemu-system-x86_64') === null) return 'qemu-system-x86_64 is missing (Debian package qemu-system-x86)';
  return null;
}

const lackingForNics = (): string | null => (insideNetNamespace ? null : 'TAPs are made in a network namespace only');

/** Everything lies in a path of 150 characters: longer than a socket's address can be. */
function openRoom({ boot, keys, guestMs }: RoomOptions, dataDir: string): BenchRoom {
  const dir = deepTempDir(150, 'qemu');
  const host = createLinuxHost();
  const leaks = watchLeaks({ dir: dir.path, mayStay: () => true });
  const launched = new Set<string>();
  const taps: string[] = [];
  let runs = 0;

  const disk = (name: string, content = Buffer.alloc(1024 * 1024), format: Disk['format'] = 'raw'): Disk => {
    writeFileSync(dir.join(name), content);
    return { path: dir.join(name), readonly: false, format };
  };

  return {
    processes: host.processes,
    agent: () => createQemuDriver({ host, dataDir, guestImage: tinyGuestPath() }),
    request: (parts) => requestIn(dir.path, `run-${++runs}`, boot, parts),
    disk: (name) => disk(name),
    brokenDisk: () => ({ disk: disk('broken', Buffer.from('no image at all'), 'qcow2'), words: /Image is not in qcow2 format/ }),
    nic(index) {
      const tap = `mvtest${index}`;
      ip('tuntap', 'add', tap, 'mode', 'tap', 'user', `${process.getuid?.() ?? 0}`);
      ip('link', 'set', tap, 'up');
      taps.push(tap);
      return { index, tap, mac: `52:54:00:00:00:0${index}` };
    },
    guestOf(request, vmm) {
      launched.add(request.run.runId);
      return typingHand(request, vmm, keys, guestMs);
    },
    leftovers() {
      const logs: string[] = [runFiles.console, runFiles.messages];
      const failed = listed(dir.join('vm')).filter((runId) => !launched.has(runId));
      return failed.flatMap((runId) => listed(dir.join('vm', runId)).filter((name) => !logs.includes(name)));
    },
    async [Symbol.asyncDispose]() {
      for (const tap of taps) ip('link', 'delete', tap);
      await leaks.check();
      dir[Symbol.dispose]();
    },
  };
}

function listed(path: string): string[] {
  try {
    return readdirSync(path);
  } catch {
    return []; // no run was ever prepared
  }
}

function ip(...args: string[]): void {
  const { status, stderr } = spawnSync('ip', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`ip ${args.join(' ')}: ${stderr}`);
}
