// The VM `demo`: a small Linux from Debian's own packages.
import { closeSync, existsSync, openSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type AgentApi, createAgentClient, fromTrpcError } from '@mvirt/api/client';
import type { Vm } from '@mvirt/api/schema';
import type { MvirtError } from '@mvirt/domain';
import { buildLinuxGuest, type LinuxGuest, runProgram } from '@mvirt/guests';
import { watchBanner } from './banner.ts';
import { socket } from './places.ts';
import type { Voice } from './voice.ts';

const bootMs = 60_000;
const name = 'demo';

/** Builds the guest in the cache folder, or finds it there. */
export function buildGuest({ say }: Pick<Voice, 'say'>, signal: AbortSignal): Promise<LinuxGuest> {
  const cacheDir = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'mvirt');
  return buildLinuxGuest({ cacheDir, run: runProgram, log: say, signal });
}

/** Creates `demo` where it is not there yet, starts it, and answers with its banner once it is up (null: said so long ago that it is gone). */
export async function bootDemo(api: AgentApi, guest: LinuxGuest, signal: AbortSignal): Promise<string | null> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(bootMs)]);
  const demo = await ensureDemo(api, guest, deadline);
  const sinceMs = demo.state === 'stopped' || demo.startedAt === null ? null : Date.parse(demo.startedAt);
  const historyOnly = sinceMs !== null && Date.now() - sinceMs > bootMs;
  const client = createAgentClient({ socketPath: socket });
  try {
    using watch = watchBanner(client, demo.id, { sinceMs, historyOnly });
    await before(deadline, watch.live);
    await api.vm.start.mutate({ vm: demo.id }, { signal: deadline });
    return await before(deadline, watch.banner);
  } catch (error) {
    if (deadline.aborted && !signal.aborted) throw new Error(`${name} was not up within ${bootMs / 1000} s: npm run -s mvirt -- logs ${name} --console`);
    throw fromTrpcError(error);
  } finally {
    await client.close();
  }
}

async function ensureDemo(api: AgentApi, guest: LinuxGuest, signal: AbortSignal): Promise<Vm> {
  const there = (await api.vm.list.query(undefined, { signal })).find((vm) => vm.name === name);
  // The cache folder may be emptied at any time, and a newer guest, which can do more, has another place there.
  const isOld =
    there?.state === 'stopped' && (there.initramfs !== guest.initramfs || ![there.kernel, there.initramfs].every((file) => file === null || existsSync(file)));
  if (there !== undefined && !isOld) return there;
  const nics = tunOpens() ? [{ network: 'default' }] : [];
  // Another npm start may be a moment ahead: what it has deleted is gone, and what it has made is the same.
  if (there !== undefined) await api.vm.delete.mutate({ vm: there.id }, { signal }).catch(unless('VM_NOT_FOUND'));
  const made = await api.vm.create.mutate({ name, memoryMib: 256, ...guest, nics }, { signal }).catch(unless('NAME_TAKEN'));
  return made?.vm ?? (await api.vm.get.query({ vm: name }, { signal }));
}

/** Takes this error for an answer; @throws any other */
const unless =
  (code: MvirtError['code']) =>
  (thrown: unknown): null => {
    if (fromTrpcError(thrown).code !== code) throw thrown;
    return null;
  };

/** Rejects as soon as the signal is aborted. */
async function before<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort);
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
  }
}

/** Whether a TAP can be had: demo has no NIC otherwise. */
export function tunOpens(): boolean {
  try {
    closeSync(openSync('/dev/net/tun', 'r+'));
    return true;
  } catch {
    return false; // missing, or not for this user
  }
}
