import { spawnSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromTrpcError } from '@mvirt/api/client';
import { startAgent } from './agent-process.ts';
import { tinyGuestPath } from './tiny-guest.ts';

/** Run in a mount namespace of its own: a real agent and filesystems that do not answer; says what was seen. */
const [folder = ''] = process.argv.slice(2);
const dir = { path: folder, join: (...parts: string[]) => join(folder, ...parts), [Symbol.dispose]() {} };
const servers: number[] = [];

/** A FUSE filesystem whose server never answers its first question: each look at it hangs, as at an NFS mount whose server is gone. */
function mountHung(at: string): void {
  const fd = openSync('/dev/fuse', 'r+');
  servers.push(fd);
  const options = 'fd=3,rootmode=40000,user_id=0,group_id=0';
  const { status, stderr } = spawnSync('mount', ['-i', '-t', 'fuse', '-o', options, 'hung', at], { stdio: ['ignore', 'ignore', 'pipe', fd], encoding: 'utf8' });
  if (status !== 0) throw new Error(`no FUSE filesystem can be mounted: ${stderr}`);
}

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.then(
    () => 'done',
    (thrown: unknown) => {
      const { code, message } = fromTrpcError(thrown);
      return { code, message };
    },
  );

const [gone, live] = [dir.join('gone'), dir.join('live')];
for (const path of [gone, live]) mkdirSync(path);
const [goneDisk, liveDisk] = [join(gone, 'disk.raw'), join(live, 'disk.raw')];
writeFileSync(liveDisk, Buffer.alloc(1024 * 1024));
const small = { kernel: tinyGuestPath(), memoryMib: 64 };
const seen: Record<string, unknown> = {};
{
  await using agent = await startAgent(dir);
  const { vm, host } = agent.api;
  await vm.create.mutate({ name: 'live', ...small, disks: [{ path: liveDisk }] });
  await vm.start.mutate({ vm: 'live' });
  await vm.create.mutate({ name: 'later', ...small, disks: [{ path: goneDisk }] });
  mountHung(gone);
  const creates = Array.from({ length: 6 }, (_, number) => outcome(vm.create.mutate({ name: `hung-${number}`, ...small, disks: [{ path: goneDisk }] })));
  seen['create meanwhile'] = await outcome(vm.create.mutate({ name: 'plain', ...small }));
  seen['list meanwhile'] = (await vm.list.query()).length;
  seen.create = await Promise.all(creates);
  seen.attach = await outcome(vm.attachDisk.mutate({ vm: 'plain', path: goneDisk }));
  seen.start = await outcome(vm.start.mutate({ vm: 'later' }));
  seen.folder = await outcome(host.listFolder.query({ path: gone }));
  mountHung(live);
  seen.died = await agent.end('SIGKILL');
}
{
  await using agent = await startAgent(dir);
  const { vm } = agent.api;
  seen.recovered = (await vm.get.query({ vm: 'live' })).state;
  seen.rival = await outcome(vm.create.mutate({ name: 'rival', ...small, disks: [{ path: liveDisk }] }));
  seen.killed = (await vm.kill.mutate({ vm: 'live' })).vm.state;
  seen.ended = await agent.end('SIGTERM');
}
for (const fd of servers) closeSync(fd);
process.stdout.write(JSON.stringify(seen));
