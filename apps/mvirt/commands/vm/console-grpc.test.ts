import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { noPython } from '@mvirt/testkit/contract/python';
import { openPythonServer, type PythonServer } from '@mvirt/testkit/contract/python-server';
import { noTerminal, openTerminal } from '@mvirt/testkit/tmux';
import { waitFor } from '@mvirt/testkit/wait-for';
import { cliWith } from '../../cli/testing/open-cli.ts';
import { mainPath, spawnMvirt } from '../../cli/testing/spawn-mvirt.ts';

const missing = noPython() ?? noTerminal();
if (missing) console.log(`skipped: ${missing}`);

/** A server with a running VM, and a terminal at its console. */
async function attached(server: PythonServer, ...flags: string[]) {
  await cliWith(['--server', server.target], '/').json('create', '--name', 'web', '--kernel', '/k', '--start');
  const terminal = await openTerminal({ argv: ['bash', '--norc', '--noprofile', '--noediting'], env: { PS1: 'shell> ' } });
  await terminal.until('shell>');
  const modes = async () => execFileSync('stty', ['-a', '-F', await terminal.device()], { encoding: 'utf8' });
  const cooked = await modes();
  await terminal.type(`${process.execPath} ${mainPath} --server http://${server.target} console web ${flags.join(' ')}; echo status $?`);
  await terminal.keys('Enter');
  await terminal.until(/Ctrl\+a t leaves[\s\S]*^attached$/m);
  return { terminal, modes, cooked };
}

const title = (text: string) => `console over gRPC in a terminal: ${text}`;

test.skipIf(missing !== null)(title('live both ways, every key; Ctrl+a t leaves and the terminal is as it was'), async () => {
  await using server = await openPythonServer('v1');
  const { terminal, modes, cooked } = await attached(server);
  await using _terminal = terminal;
  for (const mode of ['-isig', '-icanon', '-echo', '-ixon', '-opost']) expect(await modes()).toMatch(new RegExp(`(^| )${mode} `, 'm'));
  await terminal.type('root\r\nab\n');
  await terminal.until(/^root\nab$/m);
  // The console's echo of keys that a terminal would take for itself.
  await terminal.type('[');
  await terminal.keys('C-c', 'C-z', 'C-a', 'C-a', 'C-a', 'x');
  await terminal.type(']');
  await terminal.until(/\[.*x\]/);
  await terminal.keys('C-a', 't');
  await terminal.until('status 0');
  expect(await terminal.screen()).toContain('[mvirt: left the console]');
  expect(await modes()).toBe(cooked);
});

test.skipIf(missing !== null)(title('it ends with the run of the VM'), async () => {
  await using server = await openPythonServer('v2');
  const { terminal, modes, cooked } = await attached(server);
  await using _terminal = terminal;
  await terminal.type('Q');
  await terminal.until(/\[mvirt: VM web is off\][\s\S]*status 0/);
  expect(await modes()).toBe(cooked);
});

test.skipIf(missing !== null)(title('read-only types nothing; a server that dies gives the terminal back'), async () => {
  await using server = await openPythonServer('v2');
  const { terminal, modes, cooked } = await attached(server, '--read-only');
  await using _terminal = terminal;
  await terminal.type('Q');
  await server.kill();
  await terminal.until(/mvirt: the server at .* went away[\s\S]*status 6/);
  expect(await terminal.screen()).not.toContain('is off');
  expect(await modes()).toBe(cooked);
});

for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
  test.skipIf(missing !== null)(title(`${signal} gives the terminal back`), async () => {
    await using server = await openPythonServer('v1');
    const { terminal, modes, cooked } = await attached(server);
    await using _terminal = terminal;
    process.kill(Number(execFileSync('pgrep', ['-P', `${await terminal.pid()}`], { encoding: 'utf8' }).trim()), signal);
    await terminal.until('status 130');
    expect(await modes()).toBe(cooked);
  });
}

test.skipIf(missing !== null)('console over gRPC without a terminal: what comes in is typed whole, and its end leaves', async () => {
  await using server = await openPythonServer('v1');
  const cli = cliWith(['--server', server.target], '/');
  await cli.json('create', '--name', 'web', '--kernel', '/k');
  await using early = spawnMvirt(['console', 'web', '--server', server.target]);
  expect([await early.ended(), early.stderr()]).toEqual([4, 'mvirt: VM is not running\nhint: mvirt get VM shows its state\n']);
  await cli.json('start', 'web');
  await using mvirt = spawnMvirt(['console', 'web', '--server', server.target]);
  await waitFor('the console', () => mvirt.stdout().includes('attached'));
  const typed = `a\x01t${'0123456789abcdef'.repeat(20_000)}`;
  mvirt.child.stdin?.end(typed);
  expect([await mvirt.ended(), mvirt.stderr()]).toEqual([0, '']);
  const { data } = await waitFor('the server to have it all', () => server.heard.find(({ method }) => method === 'Console')?.request);
  expect(Buffer.from(data, 'base64').toString('latin1')).toBe(typed);
});
