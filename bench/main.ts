// npm run bench [-- --rounds N] [--only PART] [--write]: every promise of speed that this machine can show, beside its peers.
// With --write the report becomes docs/benchmarks.md.
import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { libvirtFolders, startLibvirt } from './libvirt.ts';
import { agentRows } from './parts/agent.ts';
import { bootRows } from './parts/boot.ts';
import { commandRows } from './parts/commands.ts';
import { consoleRows } from './parts/console.ts';
import { lifeRows } from './parts/life.ts';
import { recoveryRows } from './parts/recovery.ts';
import { startRows } from './parts/start.ts';
import { uiRows } from './parts/ui.ts';
import { reportText } from './report.ts';
import type { Row } from './row.ts';
import { describe, makeSetting, type Setting } from './setting.ts';

const parts: Record<string, (setting: Setting) => Promise<Row[]>> = {
  commands: commandRows,
  life: lifeRows,
  start: startRows,
  boot: bootRows,
  recovery: recoveryRows,
  agent: agentRows,
  console: consoleRows,
  ui: uiRows,
};
const inside = 'MVIRT_BENCH_INSIDE';

/** Runs this again in namespaces of its own: whatever is mounted, made in the network or left running is seen by nobody else, and goes with it. */
function enterNamespaces(): number {
  const hide = libvirtFolders.filter(existsSync).map((folder) => `mount -t tmpfs tmpfs ${folder}`);
  // The shell stays, as the namespace's first process: it reaps what daemons leave, which libvirtd waits for.
  const script = ['ip link set lo up', ...hide, '"$@"', 'exit'].join('\n');
  const argv = [
    '--net',
    '--mount',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sh',
    '-ec',
    script,
    'sh',
    process.execPath,
    import.meta.path,
    ...process.argv.slice(2),
  ];
  return spawnSync('unshare', argv, { stdio: 'inherit', env: { ...process.env, [inside]: '1' } }).status ?? 1;
}

async function main(): Promise<number> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '9' }, only: { type: 'string', multiple: true }, write: { type: 'boolean' } } });
  const chosen = values.only ?? Object.keys(parts);
  const strange = chosen.find((name) => !Object.hasOwn(parts, name));
  const rounds = Number(values.rounds);
  if (strange !== undefined || !(rounds >= 1)) {
    console.error(`usage: npm run bench [-- --rounds N] [--only ${Object.keys(parts).join('|')}]... [--write]`);
    return 2;
  }
  if (process.geteuid?.() !== 0) {
    console.error('the benchmark makes namespaces: run it as root');
    return 1;
  }
  if (process.env[inside] === undefined) return enterNamespaces();
  using dir = tempDir('bench');
  await using libvirt = await startLibvirt();
  const missing: string[] = [];
  const setting = await makeSetting({ dir: dir.path, rounds, libvirt, missing: (what) => void missing.push(what) });
  const rows: Row[] = [];
  for (const name of chosen) {
    console.error(`measuring: ${name}`);
    rows.push(...((await parts[name]?.(setting)) ?? []));
  }
  const report = reportText({ setting: describe(setting), rows, missing });
  console.log(report);
  if (values.write) {
    const path = join(import.meta.dir, '../docs/benchmarks.md');
    writeFileSync(path, report);
    spawnSync(join(import.meta.dir, '../node_modules/.bin/biome'), ['format', '--write', path], { stdio: 'ignore' });
  }
  return 0;
}

process.exitCode = await main();
