import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const path = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** Every module that a command line has loaded once it ended, by its packages' names and our own paths. */
function loadedBy(...argv: string[]): string {
  const script = `
    const { runCli } = await import(${JSON.stringify(path('./main.ts'))});
    const { processIo } = await import(${JSON.stringify(path('./io.ts'))});
    const quiet = { ...processIo(), stdout: { write() {}, isTerminal: false, columns: 80 }, stderr: { write() {}, isTerminal: false } };
    await runCli(${JSON.stringify(argv)}, quiet);
    console.log(Object.keys(require.cache).join('\\n'));
  `;
  return execFileSync(process.execPath, ['-e', script], { encoding: 'utf8', env: { ...process.env, MVIRT_SOCKET: '/nonexistent/agent.sock' } });
}

const ofTheUi = ['/@opentui/', '/solid-js/', '/apps/mvirt/tui/', '/apps/agent/', '/better-sqlite3/', '/packages/engine/'];
const ofGrpc = ['/@grpc/', '/protobufjs/', '/packages/api/wire/', '/client/grpc/'];

test.each([[['list']], [['start', 'web']], [['get', 'web', '--json']], [['nosuch']], [['--help']], [['version']]])('%j loads only what it needs', (argv) => {
  const loaded = loadedBy(...argv);
  expect(loaded).toContain('/apps/mvirt/cli/parse.ts');
  for (const heavy of [...ofTheUi, ...ofGrpc, '/zod/', '/@trpc/', '/client/agent-client.ts']) expect(loaded).not.toContain(heavy);
});

test('a mistake in the command line is told without loading a client', () => expect(loadedBy('nosuch')).not.toContain('@trpc'));

test('what speaks gRPC loads no other client', () => {
  const loaded = loadedBy('list', '--server', 'unix:/nonexistent');
  expect(loaded).toContain('/client/grpc/vm-client.ts');
  for (const heavy of [...ofTheUi, '/@trpc/', '/superjson/', '/zod/']) expect(loaded).not.toContain(heavy);
});
