import { readdirSync, readFileSync } from 'node:fs';

export type Ended = { exitCode: number; left: { pid: number; argv: string }[] };
export type Sink = (bytes: Uint8Array) => Promise<unknown>;

/** In the environment of the program and of all that it starts. */
const markName = 'MVIRT_TEST_RUN';
/** What is about to end by itself has this long. */
const graceMs = 2_000;

/** Runs a program and hands its output on. Whom it leaves behind is not waited for, also where it holds that output: killed, and named. */
export async function pumped(argv: string[], out: Sink, err: Sink): Promise<Ended> {
  const mark = `${markName}=${crypto.randomUUID()}`;
  const child = Bun.spawn(argv, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, [markName]: mark.slice(markName.length + 1) } });
  const pumps = Promise.all([pump(child.stdout, out), pump(child.stderr, err)]);
  await child.exited;
  await Promise.race([Promise.all([pumps, nobody(mark)]), Bun.sleep(graceMs)]);
  const left = bearers(mark).map(killed);
  // One that took the mark off, or may not be killed, keeps its end of the output all the same.
  await Promise.race([pumps, Bun.sleep(graceMs)]);
  return { exitCode: child.exitCode ?? 1, left };
}

async function pump(stream: ReadableStream<Uint8Array>, sink: Sink): Promise<void> {
  for await (const bytes of stream) {
    await sink(bytes);
    // Else a stream that is never empty keeps timers, and the news of the program's end, from being seen.
    await new Promise(setImmediate);
  }
}

async function nobody(mark: string): Promise<void> {
  while (bearers(mark).length > 0) await Bun.sleep(graceMs / 20);
}

const bearers = (mark: string): string[] =>
  readdirSync('/proc').filter((name) => /^\d+$/.test(name) && name !== `${process.pid}` && words(`${name}/environ`).includes(mark));

function killed(pid: string): Ended['left'][number] {
  const argv = words(`${pid}/cmdline`).join(' ').trim().slice(0, 200);
  try {
    process.kill(Number(pid), 'SIGKILL');
  } catch {
    // it has ended by itself meanwhile
  }
  return { pid: Number(pid), argv };
}

function words(file: string): string[] {
  try {
    return readFileSync(`/proc/${file}`, 'utf8').split('\0');
  } catch {
    return []; // it has ended meanwhile, or is not ours to look into
  }
}
