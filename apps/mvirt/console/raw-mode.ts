import { spawnSync } from 'node:child_process';

/**
 * The terminal in raw mode until disposed. SIGTERM, SIGHUP and any other way out that runs code restore it too:
 * onLost is told, and the exit handler is the last resort.
 */
export function rawMode({ onLost }: { onLost: () => void }): Disposable {
  const { stdin } = process;
  if (!stdin.isTTY) return { [Symbol.dispose]: () => {} };
  const restore = () => void stdin.setRawMode(false);
  // Before the terminal is changed: a signal in between would leave it raw.
  process.on('exit', restore);
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.on(signal, onLost);
  stdin.setRawMode(true);
  // The runtime's raw mode leaves output as it is: a guest's bare line feed would also return the carriage, which spoils its
  // full-screen programs. Where there is no stty it stays so.
  spawnSync('stty', ['-opost'], { stdio: ['inherit', 'ignore', 'ignore'] });
  return {
    [Symbol.dispose]() {
      restore();
      process.off('exit', restore);
      for (const signal of ['SIGTERM', 'SIGHUP'] as const) process.off(signal, onLost);
    },
  };
}
