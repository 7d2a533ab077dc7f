import { constants } from 'node:os';
import { MvirtError } from '@mvirt/domain/error';

/** Runs a program with this one's terminal until it ends: its exit status, 128 + n where signal n ended it. */
export async function runProgram(argv: readonly string[]): Promise<number> {
  const child = Bun.spawn([...argv], { stdio: ['inherit', 'inherit', 'inherit'] });
  // The terminal's own signals reach it without us.
  const passOn = (['SIGTERM', 'SIGHUP'] as const).map((signal) => [signal, () => child.kill(signal)] as const);
  for (const [signal, pass] of passOn) process.on(signal, pass);
  const ignore = () => {};
  process.on('SIGINT', ignore).on('SIGQUIT', ignore);
  try {
    const status = await child.exited;
    return child.signalCode === null ? status : 128 + constants.signals[child.signalCode as NodeJS.Signals];
  } finally {
    for (const [signal, pass] of passOn) process.off(signal, pass);
    process.off('SIGINT', ignore).off('SIGQUIT', ignore);
  }
}

/** @throws PROGRAM_MISSING naming the Debian package */
export function requireProgram(name: 'ssh' | 'scp', { PATH }: Record<string, string | undefined>): void {
  if (Bun.which(name, PATH === undefined ? {} : { PATH }) !== null) return;
  throw new MvirtError({ code: 'PROGRAM_MISSING', message: `the program ${name} is missing`, hint: 'install it: apt-get install openssh-client' });
}
