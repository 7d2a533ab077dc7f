import { spawn } from 'node:child_process';
import { readlinkSync } from 'node:fs';
import type { Programs } from '@mvirt/host';
import { waitFor } from './wait-for.ts';

export type NetNamespace = AsyncDisposable & {
  /** A pid in the namespace: /proc/PID/ns/net names it. */
  readonly pid: number;
  /** Argv that runs a program in the namespace: put the program's own behind it. */
  readonly enter: string[];
  /** The given programs, run in the namespace. */
  programs(inner: Programs): Programs;
};

/** A network namespace of the test's own. It goes with its last process: when disposed, or when the test process dies. */
export async function netNamespace(): Promise<NetNamespace> {
  // cat ends with its standard input, so a killed test leaves nothing.
  const holder = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'inherit'] });
  const pid = holder.pid;
  if (pid === undefined) throw new Error('unshare is missing (Debian package util-linux)');
  const here = readlinkSync('/proc/self/ns/net');
  await waitFor('the network namespace', () => {
    if (holder.exitCode !== null) throw new Error('no network namespace can be made: are you root?');
    return readlinkSync(`/proc/${pid}/ns/net`) !== here;
  });
  const enter = ['nsenter', '--net', '--target', `${pid}`, '--'];
  return {
    pid,
    enter,
    programs: (inner) => ({ find: (name) => inner.find(name), run: (argv, options) => inner.run([...enter, ...argv], options) }),
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await waitFor('the namespace to be gone', () => holder.exitCode !== null || holder.signalCode !== null);
    },
  };
}
