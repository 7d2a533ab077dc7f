// bun bench/start.ts [ROUNDS]: `start` on the real cloud-hypervisor beside its own spawn, vm.create and vm.boot with the same guest in the same run.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';

const rounds = Number(process.argv[2] ?? 15);
const dir = mkdtempSync(join(tmpdir(), 'mvirt-bench-'));
const guest = tinyGuestPath(dir);
const program = 'cloud-hypervisor';
const memoryMib = 64;

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** One request to a bare VMM; false where nobody listens yet. */
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

/** From spawn to the answer of vm.boot. */
async function bare(round: number): Promise<number> {
  const socketPath = join(dir, `bare-${round}.sock`);
  const cpus = { boot_vcpus: 1, max_vcpus: 1, nested: false };
  const config = {
    cpus,
    memory: { size: memoryMib << 20 },
    payload: { kernel: guest, cmdline: 'bench' },
    serial: { mode: 'Tty' },
    console: { mode: 'Off' },
    pvpanic: true,
  };
  const began = performance.now();
  const child = spawn(program, ['--api-socket', `path=${socketPath}`, '--no-shutdown'], { stdio: ['pipe', 'ignore', 'ignore'] });
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

const socketPath = join(dir, 'agent.sock');
const main = join(import.meta.dir, '../apps/mvirt/main.ts');
const agent = spawn(process.execPath, [main, 'agent', '--data-dir', join(dir, 'data'), '--socket', socketPath, '--listen', 'off'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
await once(agent.stdout, 'data');
const client = createAgentClient({ socketPath });
const { vm } = client.api;
const ours: number[] = [];
const its: number[] = [];
try {
  for (let round = -1; round < rounds; round += 1) {
    const bareMs = await bare(round);
    const { id } = (await vm.create.mutate({ name: `bench-${round + 1}`, memoryMib, kernel: guest, cmdline: 'bench', hypervisor: program })).vm;
    const began = performance.now();
    await vm.start.mutate({ vm: id });
    const startMs = performance.now() - began;
    await vm.kill.mutate({ vm: id });
    await vm.delete.mutate({ vm: id });
    // The first round tries the hypervisor out.
    if (round < 0) continue;
    ours.push(startMs);
    its.push(bareMs);
  }
} finally {
  await client.close();
  agent.kill('SIGTERM');
  await once(agent, 'exit');
  rmSync(dir, { recursive: true, force: true });
}
const [start, own] = [median(ours), median(its)];
console.log(`start ${start.toFixed(1)} ms, bare ${program} ${own.toFixed(1)} ms (medians of ${rounds})`);
console.log(`ratio ${(start / own).toFixed(2)}, overhead ${(start - own).toFixed(1)} ms`);
