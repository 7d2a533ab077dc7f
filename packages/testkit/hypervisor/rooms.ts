import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Disk, VmSpec } from '@mvirt/domain';
import { type Host, runFiles } from '@mvirt/host';
import { createLinuxHost } from '@mvirt/host/linux';
import type { HypervisorDriver } from '@mvirt/hypervisor';
import { watchLeaks } from '../leak-check.ts';
import { deepTempDir, type TempDir, tempDir } from '../temp-dir.ts';
import { waitFor } from '../wait-for.ts';
import type { BenchRoom, HypervisorBench } from './bench.ts';
import { type GuestKeys, typingHand } from './guest-keys.ts';
import { insideNetNamespace } from './net-rerun.ts';
import { requestIn } from './request.ts';

/** What makes the rooms of one real hypervisor with one guest. */
export type RoomOptions = {
  label: string;
  boot: Partial<VmSpec> & Pick<VmSpec, 'memoryMib'>;
  keys: GuestKeys;
  guestMs: number;
  driver(deps: { host: Host; dataDir: string }): HypervisorDriver;
  /** What it says of a file that is no qcow2 image and was said to be one. */
  brokenWords: RegExp;
  /** dataDir: a directory that lives as long as the bench. */
  host?: (dataDir: string) => Host;
};

/** What a driver finds out once is kept for all rooms, as from one agent to the next on a host. */
export function rooms(options: RoomOptions): Pick<HypervisorBench, 'open' | 'close'> {
  let kept: TempDir | null = null;
  return {
    async open() {
      kept ??= tempDir('probe');
      return openRoom(options, kept.path);
    },
    close() {
      kept?.[Symbol.dispose]();
    },
  };
}

export const lackingForNics = (): string | null => (insideNetNamespace ? null : 'TAPs are made in a network namespace only');

/** Everything lies in a path of 150 characters: longer than a socket's address can be. */
function openRoom({ label, boot, keys, guestMs, driver, brokenWords, host: hostOf }: RoomOptions, dataDir: string): BenchRoom {
  const dir = deepTempDir(150, label);
  const host = hostOf?.(dataDir) ?? createLinuxHost();
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
    async halt(process) {
      host.processes.signal(process, 'SIGSTOP');
      await waitFor('every thread of the VMM to stand still', () => threadStates(process.pid).every((state) => state === 'T'));
    },
    agent: () => driver({ host, dataDir }),
    request: (parts) => requestIn(dir.path, `run-${++runs}`, boot, parts),
    disk: (name) => disk(name),
    brokenDisk: () => ({ disk: disk('broken', Buffer.from('no image at all'), 'qcow2'), words: brokenWords }),
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

/** The letter of each thread (proc_pid_stat(5)). */
function threadStates(pid: number): string[] {
  const tasks = `/proc/${pid}/task`;
  return readdirSync(tasks).map((thread) => /\) (\w)/.exec(readFileSync(`${tasks}/${thread}/stat`, 'utf8'))?.[1] ?? '?');
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
