import { findSocket } from '@mvirt/api/client/find-socket';
import { isCompiled } from '@mvirt/domain/build-info';
import { MvirtError } from '@mvirt/domain/error';
import { exitStatus } from '@mvirt/domain/error-table';
import { reportError } from '../output/errors.ts';
import { toCliError } from './failure.ts';
import type { Io } from './invocation.ts';
import { type Parsed, parse } from './parse.ts';
import { serverAsked, toServer } from './server.ts';
import { named } from './usage-error.ts';

/** Runs a subcommand; answers with the exit status. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  const wantsJson = argv.includes('--json');
  try {
    const parsed = parse(argv);
    if (parsed.kind === 'help') {
      io.stdout.write(parsed.text);
      return exitStatus.done;
    }
    return parsed.kind === 'ui' ? await startUi(parsed, io) : await runCommand(parsed, io);
  } catch (thrown) {
    return reportError(io, wantsJson, toCliError(thrown));
  }
}

async function runCommand({ command, invocation, server }: Extract<Parsed, { kind: 'command' }>, io: Io): Promise<number> {
  const url = serverAsked(server, invocation.socketFlag, command);
  const interrupt = new AbortController();
  const onInterrupt = () => interrupt.abort();
  await using closing = new AsyncDisposableStack();
  if (!command.raw) {
    process.on('SIGINT', onInterrupt);
    closing.defer(() => void process.off('SIGINT', onInterrupt));
  }
  const connect = async () => {
    if (url !== null) return toServer(url, server, io, closing);
    const { toAgent } = await import('./connection.ts');
    return toAgent(findSocket({ flag: invocation.socketFlag, env: io.env, cwd: io.cwd }), closing);
  };
  try {
    const [{ run }, connection] = await Promise.all([command.load(), connect()]);
    return await run({ ...invocation, ...connection, command: command.name, io, signal: interrupt.signal }); // awaited here: what it opened is closed on the way out
  } catch (thrown) {
    if (interrupt.signal.aborted) return exitStatus.interrupted;
    throw named(toCliError(thrown), command.name);
  }
}

async function startUi({ socketFlag, server, mouse, theme }: Extract<Parsed, { kind: 'ui' }>, io: Io): Promise<number> {
  const hint = 'mvirt list shows the VMs; mvirt --help shows all commands';
  serverAsked(server, socketFlag, 'ui');
  const refuse = (message: string) => new MvirtError({ code: 'INVALID_ARGUMENT', message, hint });
  if (!io.stdout.isTerminal || !io.stdinIsTerminal) throw refuse('the full-screen UI needs a terminal');
  if (io.env.TERM === 'dumb') throw refuse('the full-screen UI needs more than TERM=dumb');
  const found = findSocket({ flag: socketFlag, env: io.env, cwd: io.cwd });
  // Its components come compiled in the executable; from the sources they are compiled now.
  if (!isCompiled) await import('@opentui/solid/preload');
  const { runUi } = await import('../tui/app.tsx');
  return runUi({ socketPath: found.path, tried: found.tried, mouse, theme });
}
