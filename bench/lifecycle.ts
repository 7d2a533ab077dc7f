// bun bench/lifecycle.ts [ROUNDS]: what the agent adds to a VM's life, beside bare QEMU with the same guest in the same run.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createAgentClient } from '@mvirt/api/client';
import { tinyGuestPath } from '@mvirt/guests';

const rounds = Number(process.argv[2] ?? 7);
const dir = mkdtempSync(join(tmpdir(), 'mvirt-bench-'));
const socketPath = join(dir, 'agent.sock');
const program = [process.execPath, join(import.meta.dir, '../apps/mvirt/main.ts')] as const;
const guest = tinyGuestPath(dir);

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

async function timed(work: () => Promise<unknown> | unknown): Promise<number> {
  const began = performance.now();
  await work();
  return performance.now() - began;
}

/** From spawn to the guest's first word, and from SIGKILL to the end. */
async function bareQemu(): Promise<{ up: number; killed: number }> {
  const argv = ['-M', 'q35', '-accel', 'tcg', '-m', '64', '-nodefaults', '-display', 'none', '-serial', 'stdio', '-kernel', guest, '-append', 'bench'];
  const began = performance.now();
  const child = spawn('qemu-system-x86_64', argv, { stdio: ['pipe', 'pipe', 'ignore'] });
  await new Promise<void>((resolve) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes('TINY up')) resolve();
    });
  });
  const up = performance.now() - began;
  const killed = await timed(() => ended(child, 'SIGKILL'));
  return { up, killed };
}

function ended(child: ChildProcess, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    child.kill(signal);
  });
}

const agent = spawn(program[0], [program[1], 'agent', '--data-dir', join(dir, 'data'), '--socket', socketPath, '--listen', 'off'], {
  stdio: ['ignore', 'pipe', 'ignore'],
});
await new Promise((resolve) => agent.stdout.once('data', resolve));
const client = createAgentClient({ socketPath });
const { vm, console: consoles } = client.api;

/** Waits for the guest's first word on its console. */
const said = (id: string) =>
  new Promise<void>((resolve, reject) => {
    let text = '';
    const reading = consoles.attach.subscribe(
      { vm: id, from: { kind: 'all' } },
      {
        onData: ({ data: message }) => {
          if (message.kind === 'data') text += Buffer.from(message.bytes).toString('latin1');
          if (!text.includes('TINY up')) return;
          reading.unsubscribe();
          resolve();
        },
        onError: reject,
      },
    );
  });

const rows: Record<string, number[]> = {
  create: [],
  start: [],
  'start to first word': [],
  stop: [],
  kill: [],
  delete: [],
  'bare QEMU to first word': [],
  'bare QEMU killed': [],
};
const add = (name: string, ms: number) => rows[name]?.push(ms);
try {
  await vm.list.query();
  for (let round = 0; round < rounds; round += 1) {
    const bare = await bareQemu();
    add('bare QEMU to first word', bare.up);
    add('bare QEMU killed', bare.killed);
    for (const end of ['stop', 'kill'] as const) {
      let id = '';
      const input = { name: `bench-${round}-${end}`, memoryMib: 64, kernel: guest, cmdline: 'bench' };
      add('create', await timed(async () => (id = (await vm.create.mutate(input)).vm.id)));
      const began = performance.now();
      add('start', await timed(() => vm.start.mutate({ vm: id })));
      await said(id);
      add('start to first word', performance.now() - began);
      add(end, await timed(() => (end === 'stop' ? vm.stop.mutate({ vm: id }) : vm.kill.mutate({ vm: id }))));
      add('delete', await timed(() => vm.delete.mutate({ vm: id })));
    }
  }
  for (const count of [100, 1000]) {
    const have = (await vm.list.query()).length;
    for (let n = have; n < count; n += 1) await vm.create.mutate({ name: `idle-${n}`, memoryMib: 64, kernel: guest });
    const name = `mvirt list --json, ${count} VMs (from sources)`;
    rows[name] = [];
    for (let round = 0; round < rounds; round += 1) add(name, await timed(() => spawnSync(program[0], [program[1], '--socket', socketPath, 'list', '--json'])));
  }
} finally {
  await client.close();
  await ended(agent, 'SIGTERM');
  rmSync(dir, { recursive: true, force: true });
}
for (const [name, values] of Object.entries(rows)) console.log(`${name.padEnd(46)} ${median(values).toFixed(1).padStart(8)} ms  (median of ${values.length})`);
const ratio = (a: string, b: string) => (median(rows[a] ?? []) / median(rows[b] ?? [])).toFixed(2);
console.log(`start to first word / bare QEMU: ${ratio('start to first word', 'bare QEMU to first word')}`);
