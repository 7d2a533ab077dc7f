// MB/s of console viewers straight from the hub, beside plain `cat` of the same file, and the delay of an echo:
//   bun bench/console-hub.ts [MiB]
import { spawnSync } from 'node:child_process';
import { createConsoleBench } from '@mvirt/testkit/console-bench';
import { patternBytes } from '@mvirt/testkit/console-pattern';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';

const mib = 1024 * 1024;
const echoes = 200;

const totalBytes = Number(process.argv[2] ?? '64') * mib;
using dir = tempDir('console-bench');
using bench = createConsoleBench(dir.path, { retentionBytes: 2 * totalBytes });
bench.run('bench');
for (let offset = 0; offset < totalBytes; offset += mib) bench.print(patternBytes(offset, offset + mib));

/** How long one viewer takes to read all that is there. */
async function readAll(): Promise<void> {
  const stop = new AbortController();
  let bytes = 0;
  for await (const message of bench.hub().attach(bench.id, { from: { kind: 'all' }, signal: stop.signal })) {
    if (message.kind === 'data') bytes += message.bytes.length;
    if (bytes === totalBytes) stop.abort();
  }
}

async function rate(viewers: number): Promise<number> {
  const began = performance.now();
  await Promise.all(Array.from({ length: viewers }, readAll));
  return totalBytes / mib / ((performance.now() - began) / 1000);
}

function catRate(): number {
  const began = performance.now();
  spawnSync('sh', ['-c', 'cat "$1" | cat > /dev/null', 'sh', bench.logPath()], { stdio: 'ignore' });
  return totalBytes / mib / ((performance.now() - began) / 1000);
}

/** From the guest's write to the viewer's message, one key after the other. */
async function echoDelays(): Promise<number[]> {
  const stop = new AbortController();
  let seen = 0;
  let next = () => {};
  const reading = (async () => {
    for await (const message of bench.hub().attach(bench.id, { from: { kind: 'live' }, signal: stop.signal })) {
      if (message.kind === 'data') {
        seen = performance.now();
        next();
      }
      if (message.kind === 'live') next();
    }
  })();
  await new Promise<void>((resolve) => {
    next = resolve;
  });
  const delays: number[] = [];
  for (let key = 0; key < echoes; key++) {
    // Quiet in between, as between two keys: the tail has gone back to its watch.
    await new Promise((resolve) => setTimeout(resolve, 50));
    const came = new Promise<void>((resolve) => {
      next = resolve;
    });
    const began = performance.now();
    bench.print('k');
    await came;
    delays.push(seen - began);
  }
  stop.abort();
  await reading;
  return delays.sort((a, b) => a - b);
}

const show = (label: string, value: string) => console.log(`${label.padEnd(44)}${value}`);
const median = async (measure: () => Promise<number> | number): Promise<number> => {
  const values: number[] = [];
  for (let round = 0; round < 3; round++) values.push(await measure());
  return values.sort((a, b) => a - b)[1] ?? 0;
};
show('cat FILE | cat, MiB/s', (await median(catRate)).toFixed(0));
show('1 viewer, MiB/s', (await median(() => rate(1))).toFixed(0));
show('16 viewers, MiB/s each', (await median(() => rate(16))).toFixed(0));
const delays = await echoDelays();
const at = (share: number) => (delays[Math.floor(delays.length * share)] ?? 0).toFixed(2);
show('echo seen by a viewer after, ms (p50, p95, max)', `${at(0.5)}  ${at(0.95)}  ${at(0.999)}`);

/** CPU of this process while a guest prints 11.5 kB/s in small writes (115200 baud), with one viewer. */
async function uartShare(seconds: number): Promise<number> {
  const viewer = bench.view({ kind: 'live' });
  await waitFor('the viewer', () => viewer.messages.length > 0);
  const began = performance.now();
  const before = process.cpuUsage();
  const writer = spawnWriter(seconds);
  await writer;
  const used = process.cpuUsage(before);
  await viewer.stop();
  return (used.user + used.system) / 1000 / (performance.now() - began);
}

async function spawnWriter(seconds: number): Promise<void> {
  const script = `i=0; while [ $i -lt ${seconds * 100} ]; do printf '%0115d' 0 >> "$1"; i=$((i+1)); sleep 0.01; done`;
  await Bun.spawn(['sh', '-c', script, 'sh', bench.logPath()], { stdio: ['ignore', 'ignore', 'inherit'] }).exited;
}

show('CPU while a guest prints at a UART’s rate, %', ((await uartShare(5)) * 100).toFixed(1));
const quiet = bench.view({ kind: 'live' });
await waitFor('the viewer', () => quiet.messages.length > 0);
const beganQuiet = performance.now();
const cpuBefore = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, 5000));
const cpu = process.cpuUsage(cpuBefore);
show('CPU with a viewer of a quiet guest, %', (((cpu.user + cpu.system) / 1000 / (performance.now() - beganQuiet)) * 100).toFixed(2));
await quiet.stop();
bench.hub().runEnded(bench.id);
