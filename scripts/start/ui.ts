import { mvirtProgram, root, socket } from './places.ts';

/** The full-screen UI until it ends: its exit status. It gets SIGHUP when this process is killed, and SIGTERM when the signal is aborted. */
export async function runUi(signal: AbortSignal): Promise<number> {
  const ui = [...mvirtProgram, '--socket', socket];
  const argv = Bun.which('setpriv') === null ? ui : ['setpriv', '--pdeathsig', 'HUP', '--', ...ui];
  const child = Bun.spawn(argv, { cwd: root, stdio: ['inherit', 'inherit', 'inherit'] });
  const leave = (): void => child.kill('SIGTERM');
  signal.addEventListener('abort', leave);
  if (signal.aborted) leave();
  try {
    const status = await child.exited;
    return child.signalCode === null ? status : 1;
  } finally {
    signal.removeEventListener('abort', leave);
  }
}
