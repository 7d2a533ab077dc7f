import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request } from 'node:http';

export type BareGuest = { kernel: string; initramfs: string | null; cmdline: string; memoryMib: number };

/** How long QEMU alone takes from its spawn until its guest has printed this, ms. */
export async function bareQemu(guest: BareGuest, says: string): Promise<number> {
  const began = performance.now();
  const child = spawnQemu(guest);
  try {
    await printed(child, says);
    return performance.now() - began;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}

/** How long the kernel takes to end QEMU alone that runs a guest, from SIGKILL until it has gone, ms. */
export async function bareKill(guest: BareGuest): Promise<number> {
  const child = spawnQemu(guest);
  await once(child, 'spawn');
  await new Promise((resolve) => setTimeout(resolve, atWorkMs));
  const began = performance.now();
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
  return performance.now() - began;
}

/** After so long it has its memory, and its guest runs. */
const atWorkMs = 300;

function spawnQemu({ kernel, initramfs, cmdline, memoryMib }: BareGuest) {
  const machine = ['-M', 'q35', '-accel', 'tcg', '-cpu', 'max', '-m', `${memoryMib}`, '-nodefaults', '-display', 'none', '-serial', 'stdio'];
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
      child.off('exit', ended).off('error', reject);
      resolve();
    };
    const ended = () => reject(new Error(`the bare QEMU ended: ${text.slice(-500)}`));
    child.stdout?.on('data', take);
    child.once('exit', ended).once('error', reject);
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
    child.kill('SIGKILL');
    await once(child, 'exit');
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

/** How long QEMU alone takes to echo a key of the bare-metal guest, ms each. */
export async function bareEchoes(guest: BareGuest, keys: readonly string[]): Promise<number[]> {
  const child = spawnQemu(guest);
  try {
    await printed(child, 'TINY up');
    const delays: number[] = [];
    for (const key of keys) {
      const echoed = printed(child, key);
      const began = performance.now();
      child.stdin.write(key);
      await echoed;
      delays.push(performance.now() - began);
    }
    return delays;
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
  }
}
