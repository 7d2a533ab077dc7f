import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type AgentClient, createAgentClient } from '@mvirt/api/client';
import { patternBytes } from '@mvirt/testkit/console-pattern';
import { type BenchAgent, startAgent } from '../agent.ts';
import { atWorkMs, bareEcho, type Echoing, machineOf } from '../bare.ts';
import { median, quantile, timed } from '../figures.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';
import { liveConsole } from './live-console.ts';

const mib = 1024 * 1024;
const totalBytes = 12 * mib;
/** None of them means anything to the guest. */
const keys = Array.from({ length: 300 }, (_, n) => 'abcde'.charAt(n % 5));
/** As a key that is held down. */
const betweenKeysMs = 20;

/** A console's way through agent and client, in a process of its own each: bytes of a VM's console log, and the echo of a key. */
export async function consoleRows({ dir, rounds, tiny, linux }: Setting): Promise<Row[]> {
  const home = join(dir, 'console');
  mkdirSync(home);
  await using agent = await startAgent(home);
  const { vm, console: consoles } = agent.client.api;
  // A Linux that waits for keys leaves the CPU to who carries them, as guests do; the bare-metal guest never pauses.
  const { ready, typed, ...guest }: Echoing =
    linux === null
      ? { kernel: tiny, initramfs: null, cmdline: 'bench', memoryMib: 64, ready: 'TINY up', typed: null }
      : { ...linux, memoryMib: 256, ready: 'TINY-READY', typed: 'cat > /dev/null\n' };
  const { id } = (await vm.create.mutate({ name: 'console', ...guest, hypervisor: 'qemu' })).vm;
  const log = join(home, 'data/vm', id, 'console.log');
  const [delays, bareDelays]: [number[], number[]] = [[], []];
  {
    using seen = await liveConsole(agent.client, id);
    await Promise.all([vm.start.mutate({ vm: id }), seen.says(ready)]);
    const { pid } = await vm.get.query({ vm: id });
    await using bare = await bareEcho({ ...guest, ready, typed }, machineOf(pid ?? 0));
    const echo = (text: string) => Promise.all([consoles.write.mutate({ vm: id, bytes: Buffer.from(text) }), seen.says(text.trimEnd())]);
    if (typed !== null) await echo(typed);
    await Bun.sleep(atWorkMs);
    for (const key of keys) {
      delays.push(await timed(() => echo(key)));
      bareDelays.push(await bare.echo(key));
      await Bun.sleep(betweenKeysMs);
    }
  }
  await vm.pause.mutate({ vm: id });
  // The VMM appends its guest's output to this file; a writer of 12 MiB beside it is as good as a guest that prints so fast.
  for (let offset = 0; offset < totalBytes; offset += mib) appendFileSync(log, patternBytes(offset, offset + mib));
  const cat: number[] = [];
  const one: number[] = [];
  const sixteen: number[] = [];
  for (let round = 0; round < Math.min(rounds, 5); round += 1) {
    cat.push(await rate(() => spawnSync('sh', ['-c', 'cat "$1" | cat > /dev/null', 'sh', log])));
    one.push(await rate(() => readAll(agent, id)));
    sixteen.push(await rate(() => Promise.all(Array.from({ length: 16 }, () => readAll(agent, id)))));
  }
  await vm.kill.mutate({ vm: id });
  const peer = { name: '`cat FILE | cat`', value: median(cat) };
  return [
    { what: 'console through agent and client, 1 viewer', unit: 'MiB/s', ours: median(one), peer, bound: { kind: 'at least', value: 50 } },
    { what: 'console through agent and client, each of 16 viewers', unit: 'MiB/s', ours: median(sixteen), peer: null, bound: { kind: 'at least', value: 5 } },
    {
      what: `key to its echo by ${linux === null ? 'the bare-metal guest' : 'a Linux'}, through agent and client (p95)`,
      unit: 'ms',
      ours: quantile(delays, 0.95),
      peer: { name: 'bare QEMU with the same devices and guest', value: quantile(bareDelays, 0.95) },
      bound: { kind: 'overhead', atMost: 5 },
    },
  ];
}

const rate = async (read: () => unknown): Promise<number> => totalBytes / mib / ((await timed(read)) / 1000);

/** One viewer, on a connection of its own, until it has all that the log held. */
async function readAll({ socketPath }: BenchAgent, vm: string): Promise<void> {
  const client: AgentClient = createAgentClient({ socketPath });
  try {
    await new Promise<void>((resolve, reject) => {
      let bytes = 0;
      client.api.console.attach.subscribe(
        { vm, from: { kind: 'all' } },
        {
          onData: ({ data: message }) => {
            if (message.kind === 'data') bytes += message.bytes.length;
            if (bytes >= totalBytes) resolve();
          },
          onError: reject,
        },
      );
    });
  } finally {
    await client.close();
  }
}
