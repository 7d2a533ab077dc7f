import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { request } from 'node:http';
import { timed } from './figures.ts';

export type BareGuest = { kernel: string; initramfs: string | null; cmdline: string; memoryMib: number };

/** How long QEMU alone takes from its spawn until its guest has printed this, ms. `machine`: what there is in it, else the least. */
export async function bareQemu(guest: BareGuest, says: string, machine?: readonly string[]): Promise<number> {
  const began = performance.now();
  const child = spawnQemu(guest, machine);
  try {
    await printed(child, says);
    return performance.now() - began;
  } finally {
    await ended(child);
  }
}

/** How long the kernel takes to end QEMU alone that runs a guest, from SIGKILL until it has gone, ms. */
export async function bareKill(guest: BareGuest): Promise<number> {
  const child = spawnQemu(guest);
  await once(child, 'spawn');
  await Bun.sleep(atWorkMs);
  return await timed(() => ended(child));
}

async function ended(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** After so long it has its memory, its guest runs, and a guest's shell what it was told. */
export const atWorkMs = 300;

const hardware = new Set(['-machine', '-accel', '-cpu', '-smp', '-m', '-device', '-object']);

/** The machine of a QEMU that runs, as arguments for another: a guest looks at each device when it boots. */
export function machineOf(pid: number): string[] {
  const argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  return argv.flatMap((word, at) => (hardware.has(word) ? [word, argv[at + 1] ?? ''] : []));
}

function spawnQemu({ kernel, initramfs, cmdline, memoryMib }: BareGuest, given?: readonly string[]) {
  const least = ['-machine', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', `${memoryMib}`];
  const machine = [...(given ?? least), '-nodefaults', '-display', 'none', '-serial', 'stdio'];
  const boot = ['-kernel', kernel, ...(initramfs === null ? [] : ['-initrd', initramfs]), '-append', cmdline];
  return spawn('qemu-system-x86_64', [...machine, ...boot], { stdio: ['pipe', 'pipe', 'ignore'] });
}

function printed(child: ChildProcess, words: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let text = '';
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      if (!text.includes(words)) return;
      child.stdout?.off('data', take);
      child.off('exit', tooEarly).off('error', reject);
      resolve();
    };
    const tooEarly = () => reject(new Error(`the bare QEMU ended: ${text.slice(-500)}`));
    child.stdout?.on('data', take);
    child.once('exit', tooEarly).once('error', reject);
  });
}

/** How long cloud-hypervisor alone takes from its spawn to the answer of vm.boot, ms. */
export async function bareCloudHypervisor({ kernel, cmdline, memoryMib }: BareGuest, socketPath: string): Promise<number> {
  const config = {
    cpus: { boot_vcpus: 1, max_vcpus: 1, nested: false },
    memory: { size: memoryMib << 20 },
    payload: { kernel, cmdline },
    serial: { mode: 'Tty' },
    console: { mode: 'Off' },
    pvpanic: true,
  };
  const began = performance.now();
  const child = spawn('cloud-hypervisor', ['--api-socket', `path=${socketPath}`, '--no-shutdown'], { stdio: ['pipe', 'ignore', 'ignore'] });
  try {
    while (!existsSync(socketPath)) await new Promise((resolve) => setTimeout(resolve, 1));
    while (!(await put(socketPath, 'vm.create', JSON.stringify(config)))) await new Promise((resolve) => setTimeout(resolve, 1));
    if (!(await put(socketPath, 'vm.boot', null))) throw new Error('the bare VMM did not boot');
    return performance.now() - began;
  } finally {
    await ended(child);
  }
}

/** One request; false where nobody listens yet. */
function put(socketPath: string, resource: string, body: string | null): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const headers = body === null ? {} : { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) };
  const sent = request({ socketPath, method: 'PUT', path: `/api/v1/${resource}`, headers, agent: false }, (response) => {
    response.resume();
    response.on('end', () => resolve((response.statusCode ?? 500) < 300));
  });
  sent.on('error', () => resolve(false));
  sent.end(body ?? undefined);
  return promise;
}

/** A guest that has come so far that it echoes keys: what it says then, and what is typed before them. */
export type Echoing = BareGuest & { ready: string; typed: string | null };

/** QEMU alone, with a guest that has come so far. echo: how long it takes to echo a key, ms. */
export async function bareEcho(
  { ready, typed, ...guest }: Echoing,
  machine: readonly string[],
): Promise<AsyncDisposable & { echo(key: string): Promise<number> }> {
  const child = spawnQemu(guest, machine);
  await using undo = new AsyncDisposableStack();
  undo.defer(() => ended(child));
  const echo = (text: string): Promise<number> =>
    timed(() => {
      const echoed = printed(child, text.trimEnd());
      child.stdin.write(text);
      return echoed;
    });
  await printed(child, ready);
  if (typed !== null) await echo(typed);
  await Bun.sleep(atWorkMs);
  const all = undo.move();
  return { echo, [Symbol.asyncDispose]: () => all.disposeAsync() };
}
