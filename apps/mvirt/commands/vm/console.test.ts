import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { noTerminal, openTerminal, type Terminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { type CliBench, openCli } from '../../cli/testing/open-cli.ts';
import { mainPath } from '../../cli/testing/spawn-mvirt.ts';

const missing = noTerminal();
if (missing) console.log(`skipped: ${missing}`);

const modes = async (terminal: Terminal): Promise<string> => execFileSync('stty', ['-a', '-F', await terminal.device()], { encoding: 'utf8' });

/** A shell in a terminal (--noediting: one that leaves the modes alone), its modes, and a running VM's console opened by it. */
async function attached(cli: CliBench, ...flags: string[]) {
  const id = await cli.bench.started({ name: 'web' });
  const terminal = await openTerminal({ argv: ['bash', '--norc', '--noprofile', '--noediting'], env: { PS1: 'shell> ', MVIRT_SOCKET: cli.socketPath } });
  await terminal.until('shell>');
  const cooked = await modes(terminal);
  await terminal.type(`${process.execPath} ${mainPath} console web ${flags.join(' ')}; echo status $?`);
  await terminal.keys('Enter');
  await terminal.until('Ctrl+a t leaves');
  await waitFor('raw mode', async () => / -icanon/.test(await modes(terminal)));
  const guest = cli.bench.hypervisor.control(id);
  /** The guest's console is looked at by a clock, which the test moves. */
  const says = async (text: string) => {
    guest.print(text);
    await cli.bench.clock.advance(1000);
  };
  const typed = () => Buffer.from(guest.input()).toString('latin1');
  const mvirtPid = async () => Number(execFileSync('pgrep', ['-P', `${await terminal.pid()}`], { encoding: 'utf8' }).trim());
  return { id, terminal, cooked, says, typed, mvirtPid };
}

const title = (text: string) => `console in a terminal: ${text}`;

test.skipIf(missing !== null)(title('every key goes to the guest, also Ctrl-C; the terminal is as it was afterwards'), async () => {
  await using cli = await openCli();
  const { terminal, cooked, says, typed } = await attached(cli);
  await using _terminal = terminal;
  for (const mode of ['-isig', '-icanon', '-echo', '-ixon', '-icrnl', '-opost']) expect(await modes(terminal)).toMatch(new RegExp(`(^| )${mode} `, 'm'));
  await says('login: ');
  await terminal.until(/^login:/m);
  // A guest's line feed goes straight down: its full-screen programs count on that.
  await says('\r\nab\ncd\r\nlogin: ');
  await terminal.until(/^ab\n {2}cd\nlogin:/m);
  await terminal.type('root');
  await terminal.keys('Enter', 'C-c', 'C-z', 'C-d', 'Up', 'Escape', 'C-a', 'C-a', 'C-a', 'x');
  await waitFor('the guest to have it all', () => typed().endsWith('\x01x'));
  expect(typed()).toBe('root\r\x03\x1a\x04\x1b[A\x1b\x01\x01x');
  await terminal.resize(60, 20);
  await says(`\r\n${'='.repeat(59)}|after\r\n`);
  await terminal.until(/^={59}\|\nafter$/m);
  await terminal.keys('C-a', 't');
  await terminal.until('status 0');
  expect(await terminal.screen()).toContain('[mvirt: left the console]');
  expect(await modes(terminal)).toBe(cooked.replace('rows 30; columns 100', 'rows 20; columns 60'));
});

test.skipIf(missing !== null)(title('what was typed just before leaving arrives'), async () => {
  await using cli = await openCli();
  const { terminal, typed } = await attached(cli);
  await using _terminal = terminal;
  await terminal.type('halt\r\x01t');
  await terminal.until('status 0');
  expect(typed()).toBe('halt\r');
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test.skipIf(missing !== null)(title(`${signal} gives the terminal back`), async () => {
    await using cli = await openCli();
    const { terminal, cooked, mvirtPid } = await attached(cli);
    await using _terminal = terminal;
    process.kill(await mvirtPid(), signal);
    await terminal.until('status 130');
    expect(await modes(terminal)).toBe(cooked);
  });
}

test.skipIf(missing !== null)(title('an agent that is away is waited for, and can be left'), async () => {
  await using cli = await openCli();
  const { terminal, cooked, says } = await attached(cli, '--history', 'all');
  await using _terminal = terminal;
  await says('one\r\n');
  await terminal.until('one');
  cli.hangUp();
  await terminal.until('[mvirt: the agent is away');
  await says('two\r\n');
  await cli.listen();
  await terminal.until(/\[mvirt: the agent is back\][\s\S]*two/);
  expect((await terminal.screen()).match(/^(one|two)$/gm)).toEqual(['one', 'two']);
  cli.hangUp();
  await terminal.until(/the agent is away[\s\S]*the agent is away/);
  await terminal.keys('a', 'C-a', 't');
  await terminal.until('status 0');
  expect(await modes(terminal)).toBe(cooked);
});

test.skipIf(missing !== null)(title('read-only types nothing, and history asks the terminal nothing'), async () => {
  await using cli = await openCli();
  const id = await cli.bench.started({ name: 'old' });
  const guest = cli.bench.hypervisor.control(id);
  guest.print('\x1b[6n\x1b[c\x05shown\r\n');
  const terminal = await openTerminal({ argv: [process.execPath, mainPath, 'console', 'old'], env: { MVIRT_SOCKET: cli.socketPath } });
  await using _terminal = terminal;
  await terminal.until('shown');
  await terminal.type('x');
  await waitFor('the key', () => guest.input().length > 0);
  expect(Buffer.from(guest.input()).toString()).toBe('x');
  await terminal.keys('C-a', 't');
  expect(await terminal.untilEnded()).toBe(0);
  const second = await openTerminal({ argv: [process.execPath, mainPath, 'console', 'old', '--read-only'], env: { MVIRT_SOCKET: cli.socketPath } });
  await using _second = second;
  await second.until('read-only');
  await second.type('y');
  await second.keys('C-a', 't');
  expect(await second.untilEnded()).toBe(0);
  expect(Buffer.from(guest.input()).toString()).toBe('x');
});

test.skipIf(missing !== null)(title('delete and kill ask here, and --yes, no, Ctrl-C and Ctrl-D answer'), async () => {
  await using cli = await openCli();
  await cli.bench.create({ name: 'web' });
  const ask = async (...more: string[]) =>
    await openTerminal({ argv: [process.execPath, mainPath, 'delete', 'web', ...more], columns: 160, env: { MVIRT_SOCKET: cli.socketPath } });
  for (const [keys, status] of [
    [['n', 'Enter'], 130],
    [['Enter'], 130],
    [['C-d'], 130],
    [['C-c'], 130],
  ] as const) {
    await using terminal = await ask();
    await terminal.until('delete web? Settings, logs, console history and disks made from images are lost;');
    await terminal.keys(...keys);
    expect([keys, await terminal.untilEnded()]).toEqual([keys, status]);
    expect(cli.bench.vms().list().length).toBe(1);
  }
  await using yes = await ask();
  await yes.until('[y/N]');
  await yes.keys('y', 'Enter');
  expect(await yes.untilEnded()).toBe(0);
  await cli.bench.create({ name: 'web' });
  await using given = await ask('--yes');
  expect(await given.untilEnded()).toBe(0);
  expect(cli.bench.vms().list()).toEqual([]);
});
