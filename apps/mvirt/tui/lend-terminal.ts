import type { CliRenderer } from '@opentui/core';
import { ownProgram } from '../ssh/own-program.ts';

/** The terminal, lent to another program for a while. */
export interface TerminalLender extends Disposable {
  /** Runs `mvirt ARGV` on the terminal as it was before the UI, and draws the UI anew: the exit status. One that failed is read before Enter goes back. */
  run(argv: readonly string[]): Promise<number>;
  /** Keys that would end the UI are the other program's. */
  lent(): boolean;
}

/** What a failure said is not wiped away unread. */
const stays = 'printf "\\n[mvirt: ended with status %s; Enter goes back to the UI] " "$1"; read -r _';

export function createTerminalLender({ renderer, socketPath }: { renderer: CliRenderer; socketPath: string }): TerminalLender {
  let child: Bun.Subprocess | null = null;
  let over = false;
  const on = async (argv: readonly string[]): Promise<number> => {
    child = Bun.spawn([...argv], { stdio: ['inherit', 'inherit', 'inherit'] });
    return await child.exited;
  };
  return {
    async run(argv) {
      renderer.suspend();
      try {
        const status = await on([...ownProgram(), '--socket', socketPath, ...argv]);
        if (status !== 0 && !over) await on(['sh', '-c', stays, 'sh', `${status}`]);
        return status;
      } finally {
        child = null;
        if (!renderer.isDestroyed) renderer.resume();
        // Only who has the terminal hears of a new size.
        process.kill(process.pid, 'SIGWINCH');
      }
    },
    lent: () => child !== null,
    // It passes that on to the client that it runs.
    [Symbol.dispose]() {
      over = true;
      child?.kill('SIGHUP');
    },
  };
}
