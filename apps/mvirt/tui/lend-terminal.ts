import type { CliRenderer } from '@opentui/core';
import { ownProgram } from '../ssh/own-program.ts';

/** The terminal, lent to another program for a while. */
export interface TerminalLender extends Disposable {
  /** Runs `mvirt ARGV` on the terminal as it was before the UI, and draws the UI anew: the exit status. One that failed is read before Enter goes back. */
  run(argv: readonly string[]): Promise<number>;
  /** Keys that would end the UI are the other program's. */
  lent(): boolean;
}

/** A shell's words around a program's own: what a failure said is not wiped away unread. */
const stays =
  '"$@"; status=$?; [ $status -eq 0 ] || { printf "\\n[mvirt: ended with status %s; Enter goes back to the UI] " $status; read -r _; }; exit $status';

export function createTerminalLender({ renderer, socketPath }: { renderer: CliRenderer; socketPath: string }): TerminalLender {
  let child: Bun.Subprocess | null = null;
  return {
    async run(argv) {
      renderer.suspend();
      try {
        child = Bun.spawn(['sh', '-c', stays, 'mvirt', ...ownProgram(), '--socket', socketPath, ...argv], { stdio: ['inherit', 'inherit', 'inherit'] });
        return await child.exited;
      } finally {
        child = null;
        if (!renderer.isDestroyed) renderer.resume();
        // Only who has the terminal hears of a new size.
        process.kill(process.pid, 'SIGWINCH');
      }
    },
    lent: () => child !== null,
    [Symbol.dispose]: () => child?.kill('SIGHUP'),
  };
}
