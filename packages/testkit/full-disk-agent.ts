import { closeSync, existsSync, openSync, readdirSync, rmSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fromTrpcError } from '@mvirt/api/client';
import { createLinuxHost } from '@mvirt/host/linux';
import { startAgent } from './agent-process.ts';
import { tempDir } from './temp-dir.ts';
import { tinyGuestPath } from './tiny-guest.ts';

/** Run in mount and network namespaces of its own, where `folder` is a small filesystem: a real agent whose disk somebody fills; says what was seen. */
const [folder = ''] = process.argv.slice(2);
const dir = { path: folder, join: (...parts: string[]) => join(folder, ...parts), [Symbol.dispose]() {} };
const filler = dir.join('filler');
const agentLog = dir.join('agent.log');
/** Its own log lies on the same filesystem. */
const through = ['sh', '-c', 'exec "$@" 2>>"$0"', agentLog];
const seen: Record<string, unknown> = {};

/** To the last block, also what others gave back since. */
function fill(): void {
  const fd = openSync(filler, 'a');
  try {
    for (;;) writeSync(fd, Buffer.alloc(4096, 1));
  } catch {
    // Full.
  } finally {
    closeSync(fd);
  }
}

async function tried(name: string, call: () => Promise<unknown>): Promise<void> {
  const beganMs = performance.now();
  const outcome = await call().then(
    () => 'done',
    (thrown: unknown) => {
      const { code, message, hint } = fromTrpcError(thrown);
      return { code, message, hint };
    },
  );
  seen[name] = outcome;
  seen[`${name}: ms`] = Math.round(performance.now() - beganMs);
}

/** Through the command line, which reads the source; it lies on another filesystem. */
async function imported(source: string, name: string): Promise<string> {
  const argv = [process.execPath, mvirt, '--socket', dir.join('agent.sock'), '--json', 'image', 'import', source, '--name', name];
  const child = Bun.spawn(argv, { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = await new Response(child.stderr).text();
  return (await child.exited) === 0 ? 'done' : (JSON.parse(said) as { error: { code: string } }).error.code;
}

const mvirt = fileURLToPath(new URL('../../apps/mvirt/main.ts', import.meta.url));
using elsewhere = tempDir('source');
const source = elsewhere.join('source.raw');
writeFileSync(source, Buffer.alloc(4 * 1024 * 1024, 7));

const kernel = tinyGuestPath();
const small = { kernel, memoryMib: 64 };
const seeded = { ...small, userData: '#cloud-config\n' };
{
  await using agent = await startAgent(dir, [], { through });
  const { vm, network, event, log } = agent.api;
  for (const name of ['stopped', 'killed', 'orphan']) {
    await vm.create.mutate({ name, ...small });
    await vm.start.mutate({ vm: name });
  }
  await vm.create.mutate({ name: 'seeded', ...seeded });
  await vm.create.mutate({ name: 'deleted', ...small });
  seen['image import'] = await imported(source, 'small');
  fill();
  await tried('list', () => vm.list.query());
  await tried('logs', () => log.read.query({ vm: 'stopped' }));
  await tried('create', () => vm.create.mutate({ name: 'new', ...seeded }));
  await tried('start', () => vm.start.mutate({ vm: 'seeded' }));
  await tried('network create', () => network.create.mutate({ name: 'lab', ipv4: '10.77.0.0/24' }));
  seen['image import while full'] = await imported(source, 'other');
  // Room for a part of it.
  truncateSync(filler, statSync(filler).size - 3 * 1024 * 1024);
  seen['image import into too little'] = await imported(source, 'other');
  fill();
  seen.images = readdirSync(dir.join('data', 'images'));
  await tried('create of an image', () => vm.create.mutate({ name: 'cloned', memoryMib: 64, image: 'small' }));
  await tried('set', () => vm.set.mutate({ vm: 'seeded', labels: { a: 'b' } }));
  await tried('pause', () => vm.pause.mutate({ vm: 'stopped' }));
  await tried('resume', () => vm.resume.mutate({ vm: 'stopped' }));
  await tried('stop', () => vm.stop.mutate({ vm: 'stopped', graceMs: 20_000 }));
  await tried('kill', () => vm.kill.mutate({ vm: 'killed' }));
  await tried('delete', () => vm.delete.mutate({ vm: 'deleted' }));
  fill();
  const events = await event.read.query({ since: 0, limit: 1000 });
  seen.events = events.filter(({ vmName }) => vmName === 'stopped').map(({ type }) => type);
  seen.networks = (await network.list.query()).map(({ name }) => name);
  seen.bridges = readdirSync('/sys/class/net').filter((name) => name.startsWith('mv-'));
  seen.folders = readdirSync(dir.join('data', 'vm')).length;
  seen.died = await agent.end('SIGKILL');
}
{
  await using agent = await startAgent(dir, [], { through });
  const { vm, network } = agent.api;
  seen.found = Object.fromEntries((await vm.list.query()).map(({ name, state }) => [name, state]));
  await tried('stop by the next agent', () => vm.stop.mutate({ vm: 'orphan', graceMs: 20_000 }));
  rmSync(filler);
  await tried('start with room', () => vm.start.mutate({ vm: 'seeded' }));
  await tried('network create with room', () => network.create.mutate({ name: 'lab', ipv4: '10.77.0.0/24' }));
  await tried('network rm', () => network.remove.mutate({ name: 'lab' }));
  await tried('create with room', () => vm.create.mutate({ name: 'new', ...seeded }));
  for (const { name } of await vm.list.query()) {
    await vm.kill.mutate({ vm: name ?? '' });
    await vm.delete.mutate({ vm: name ?? '' });
  }
  seen.left = readdirSync(dir.join('data', 'vm'));
  seen.ended = await agent.end('SIGTERM');
}
seen.log = existsSync(agentLog) && statSync(agentLog).size > 0;
seen.processes = createLinuxHost().processes.findByCwd(dir.join('data', 'vm')).length;
process.stdout.write(JSON.stringify(seen));
