import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { mvirtArgv, startAgent } from '../agent.ts';
import { median, quantile } from '../figures.ts';
import type { Row } from '../row.ts';
import type { Setting } from '../setting.ts';
import { openTerminal } from '../terminal.ts';
import { serveVms } from '../ui-agent.ts';

const count = 1000;
const keys = 200;
const idleSeconds = 20;
/** Until code is compiled and each VM's graph is as full as it gets: then nothing on the screen changes. */
const settlingMs = 40_000;

const openUi = (socketPath: string) => openTerminal([...mvirtArgv, '--socket', socketPath]);

/** The full-screen UI in a real terminal at 200x50. */
export async function uiRows(setting: Setting): Promise<Row[]> {
  const home = join(setting.dir, 'ui');
  mkdirSync(home);
  return [...(await thousand(home, setting.rounds)), await painted(home, setting)];
}

async function thousand(dir: string, rounds: number): Promise<Row[]> {
  await using many = await serveVms(dir, count);
  const frames: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const ui = openUi(many.socket);
    frames.push(await ui.shows('vm-0000'));
    await ui.end();
  }
  const ui = openUi(many.socket);
  await ui.shows('vm-0000');
  await Bun.sleep(settlingMs);
  const idle = await ui.idlePercent(idleSeconds);
  const delays: number[] = [];
  for (let n = 0; n < keys; n += 1) {
    delays.push(await ui.answer(n % 100 < 50 ? 'j' : '\u001b[A'));
    await Bun.sleep(40);
  }
  await ui.end();
  const top = openTerminal(['top', '-d', '2']);
  await Bun.sleep(3000);
  const topIdle = await top.idlePercent(idleSeconds);
  await top.end();
  return [
    { what: `UI: first frame with ${count} VMs`, unit: 'ms', ours: median(frames), peer: null, bound: { kind: 'at most', value: 200 } },
    { what: `UI: key to frame with ${count} VMs (p95)`, unit: 'ms', ours: quantile(delays, 0.95), peer: null, bound: { kind: 'at most', value: 33 } },
    {
      what: `UI: CPU while idle with ${count} VMs`,
      unit: '%',
      ours: idle,
      peer: { name: '`top -d 2`', value: topIdle },
      bound: { kind: 'at most', value: 0.5 },
    },
  ];
}

/** From the death of a VMM to the state's word on the screen, with a real agent. */
async function painted(dir: string, { rounds, tiny }: Setting): Promise<Row> {
  await using agent = await startAgent(dir);
  const { vm } = agent.client.api;
  await vm.create.mutate({ name: 'mortal', memoryMib: 64, kernel: tiny, cmdline: 'bench', hypervisor: 'qemu' });
  const ui = openUi(agent.socketPath);
  await ui.shows('mortal');
  const delays: number[] = [];
  for (let round = 0; round < rounds * 3; round += 1) {
    const running = ui.showsAgain('running');
    await vm.start.mutate({ vm: 'mortal' });
    await running;
    const { pid } = await vm.get.query({ vm: 'mortal' });
    const stopped = ui.showsAgain('stopped');
    const began = performance.now();
    process.kill(pid ?? 0, 'SIGKILL');
    delays.push((await stopped) - began);
  }
  await ui.end();
  return {
    what: 'event: a VMM dies, until the UI has painted it (p95)',
    unit: 'ms',
    ours: quantile(delays, 0.95),
    peer: null,
    bound: { kind: 'at most', value: 50 },
  };
}
