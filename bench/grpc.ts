// bun bench/grpc.ts [SECONDS]: 50 calls in flight while 16 consoles stream: through gRPC and, in the same run, through tRPC, to one engine with a fake
// hypervisor (errors, calls/s, memory); then through the gRPC door of a real `mvirt agent` with real guests.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';
import { startAgent as startRealAgent } from '@mvirt/testkit/agent-process';
import { openGrpcClient } from '@mvirt/testkit/grpc-client';
import { openGrpcConsole } from '@mvirt/testkit/grpc-console';
import { tempDir } from '@mvirt/testkit/temp-dir';

const seconds = Number(process.argv[2] ?? 60);
const inFlight = 50;
const consoles = 16;
const vms = 20;

/** One door: a call by its number, and a VM's console. */
type Door = { call(turn: number): Promise<unknown>; listen(vm: string): { bytes(): number; ended(): string | null }; close(): Promise<void> | void };

/** known: how many VMs there are. */
function grpcDoor(target: string, known = vms): Door {
  const client = openGrpcClient(target);
  return {
    call: (turn) => (turn % 10 === 0 ? client.call('ListVms', {}) : client.call('GetVm', { id: `vm-${turn % known}` })),
    listen(vm) {
      const console = openGrpcConsole(client, vm);
      let ended: string | null = null;
      void console.ended.then((status) => (ended = status));
      return { bytes: console.bytes, ended: () => ended };
    },
    close: () => client[Symbol.dispose](),
  };
}

function trpcDoor(dir: string): Door {
  const client = createAgentClient({ socketPath: `${dir}/trpc.sock` });
  const { vm, console } = client.api;
  return {
    call: (turn) => (turn % 10 === 0 ? vm.list.query() : vm.get.query({ vm: `vm-${turn % vms}` })),
    listen(id) {
      let bytes = 0;
      let ended: string | null = null;
      console.attach.subscribe(
        { vm: id, from: { kind: 'live' } },
        {
          onData: ({ data }) => (bytes += data.kind === 'data' ? data.bytes.length : 0),
          onError: (error) => (ended = error.message),
          onComplete: () => (ended = 'complete'),
        },
      );
      return { bytes: () => bytes, ended: () => ended };
    },
    close: () => client.close(),
  };
}

type Load = { calls: number; errors: string[]; streamed: number; lost: string[]; rssMib: number[] };

async function load(door: Door, rss: number[], known = vms): Promise<Load> {
  const began = performance.now();
  const from = rss.length;
  const listening = Array.from({ length: consoles }, (_, n) => door.listen(`vm-${n % known}`));
  const errors: string[] = [];
  let calls = 0;
  const work = async () => {
    while (performance.now() - began < seconds * 1000) {
      try {
        await door.call(calls++);
      } catch (error) {
        errors.push(String(error));
      }
    }
  };
  await Promise.all(Array.from({ length: inFlight }, work));
  const streamed = listening.reduce((total, { bytes }) => total + bytes(), 0);
  const lost = listening.flatMap(({ ended }) => ended() ?? []);
  await door.close();
  return { calls, errors, streamed, lost, rssMib: rss.slice(from) };
}

async function startAgent(dir: string): Promise<{ child: ChildProcess; rss: number[] }> {
  const child = spawn(process.execPath, [join(import.meta.dir, 'grpc-agent.ts'), dir], { stdio: ['ignore', 'pipe', 'inherit'] });
  const rss: number[] = [];
  const ready = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => (line === 'ready' ? ready.resolve() : rss.push(Number(line))));
  child.once('exit', () => ready.reject(new Error('the agent ended')));
  await ready.promise;
  return { child, rss };
}

const guests = 2;
const typeEveryMs = 50;

/** A real agent, its door and QEMU guests that echo what is typed. */
async function realAgent(): Promise<Load> {
  using folder = tempDir('bench');
  const socket = folder.join('grpc.sock');
  await using agent = await startRealAgent(folder, ['--listen', `unix:${socket}`]);
  using typist = openGrpcClient(`unix:${socket}`);
  const ids = Array.from({ length: guests }, (_, n) => `vm-${n}`);
  const config = {
    vcpus: 1,
    memory_mb: '64' as const,
    kernel: tinyGuestPath(folder.path),
    cmdline: 'bench',
    disks: [],
    nics: [],
    boot_mode: 0,
    nested_virt: false,
  };
  for (const id of ids) {
    await typist.call('CreateVm', { id, config });
    await typist.call('StartVm', { id });
  }
  const lines = ids.map((id) => openGrpcConsole(typist, id));
  const rss: number[] = [];
  const typing = setInterval(() => {
    for (const line of lines) line.type('typed '.repeat(10));
  }, typeEveryMs);
  const watching = setInterval(() => rss.push(residentMib(agent.pid)), 1000);
  try {
    return await load(grpcDoor(`unix:${socket}`, guests), rss, guests);
  } finally {
    clearInterval(typing);
    clearInterval(watching);
    for (const id of ids) await typist.call('KillVm', { id });
  }
}

const residentMib = (pid: number): number => Math.round(Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 102.4) / 10;

function report(name: string, { calls, errors, streamed, lost, rssMib }: Load): void {
  const tenths = Array.from({ length: 7 }, (_, part) => rssMib[Math.round(((rssMib.length - 1) * part) / 6)] ?? Number.NaN);
  console.log(`${name}: ${(calls / seconds).toFixed(0)} calls/s, ${errors.length} errors, ${lost.length} of ${consoles} consoles lost`);
  console.log(`  consoles: ${(streamed / 2 ** 20).toFixed(1)} MiB in all; the agent's memory over the time: ${tenths.join(' ')} MiB`);
  for (const what of new Set([...errors, ...lost])) console.log(`  ${what}`);
}

const dir = mkdtempSync(join(tmpdir(), 'mvirt-bench-'));
const { child, rss } = await startAgent(dir);
try {
  const trpc = await load(trpcDoor(dir), rss);
  const grpc = await load(grpcDoor(`unix:${dir}/grpc.sock`), rss);
  report('tRPC', trpc);
  report('gRPC', grpc);
  report('gRPC of a real agent, real guests', await realAgent());
  console.log(`gRPC / tRPC: ${(grpc.calls / trpc.calls).toFixed(2)} of its calls/s`);
} finally {
  child.removeAllListeners('exit').kill('SIGTERM');
  await once(child, 'exit');
  rmSync(dir, { recursive: true, force: true });
}
