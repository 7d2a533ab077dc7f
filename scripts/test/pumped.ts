import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

export type Ended = { exitCode: number; left: { pid: number; argv: string }[] };
export type Sink = (bytes: Uint8Array) => Promise<unknown>;

/** What is about to end by itself has this long, and so has what is killed. */
const graceMs = 2_000;

/** Runs a program and hands its output on. Whoever still holds that output after its end is not waited for: killed, and named. */
export async function pumped(argv: string[], out: Sink, err: Sink): Promise<Ended> {
  const child = Bun.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'], env: process.env });
  const outputs = new Set([1, 2].map((fd) => linkOf(`/proc/${child.pid}/fd/${fd}`)));
  const pumps = Promise.all([pump(child.stdout, out), pump(child.stderr, err)]).then(() => true);
  const read = (): Promise<boolean> => Promise.race([pumps, Bun.sleep(graceMs).then(() => false)]);
  await child.exited;
  const left = (await read()) ? [] : holders(outputs).map(killed);
  // Where nobody else holds it, all that is slow is the sink. One that may not be killed keeps its end of the pipe: not waited for.
  await (left.length === 0 ? pumps : read());
  return { exitCode: child.exitCode ?? 1, left };
}

async function pump(stream: ReadableStream<Uint8Array>, sink: Sink): Promise<void> {
  for await (const bytes of stream) await sink(bytes);
}

/** The processes, other than this one, that hold one of these pipes open. */
function holders(outputs: ReadonlySet<string | null>): number[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== `${process.pid}`);
  return pids.filter((pid) => descriptors(pid).some((link) => link !== null && outputs.has(link))).map(Number);
}

function descriptors(pid: string): (string | null)[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).map((fd) => linkOf(`/proc/${pid}/fd/${fd}`));
  } catch {
    return []; // it has ended meanwhile, or is not ours to look into
  }
}

function killed(pid: number): Ended['left'][number] {
  let argv = '?';
  try {
    argv = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').join(' ').trim().slice(0, 200);
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has ended by itself meanwhile
  }
  return { pid, argv };
}

function linkOf(path: string): string | null {
  try {
    return readlinkSync(path);
  } catch {
    return null;
  }
}
