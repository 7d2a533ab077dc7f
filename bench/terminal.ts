import { cpuMs, rssMib } from './agent.ts';

/** What every usual terminal answers at once: its colours (OSC 10 and 11). A program that asked would wait for it in vain. */
const answersTo = (text: string): string =>
  ['10', '11']
    .map((which) => (text.includes(`\u001b]${which};?`) ? `\u001b]${which};rgb:${which === '10' ? 'ffff/ffff/ffff' : '0000/0000/0000'}\u001b\\` : ''))
    .join('');

/** A program in a terminal of its own, and what can be seen of it from outside. */
export function openTerminal(argv: string[], env: Record<string, string> = {}) {
  const began = performance.now();
  let bytes = 0;
  let seen = '';
  let onData = (): void => {};
  const child = Bun.spawn(argv, {
    env: { ...process.env, TERM: 'xterm-256color', COLORTERM: 'truecolor', ...env },
    terminal: {
      cols: 200,
      rows: 50,
      data(terminal, data) {
        bytes += data.length;
        const text = Buffer.from(data).toString('latin1');
        terminal.write(answersTo(text));
        seen = (seen + text).slice(-20_000);
        onData();
      },
    },
  });
  const usedMs = (): number => cpuMs(child.pid);
  const output = (until: (text: string) => boolean): Promise<number> =>
    new Promise((resolve) => {
      onData = () => {
        if (until(seen)) resolve(performance.now());
      };
      onData();
    });
  return {
    /** When the terminal first had it, ms from the start. One word: blanks that were there already are not written again. */
    shows: async (text: string) => (await output((all) => all.includes(text))) - began,
    /** When the terminal has it again after this call, by performance.now(). */
    async showsAgain(text: string): Promise<number> {
      seen = '';
      return await output((all) => all.includes(text));
    },
    cpuMs: usedMs,
    rssMib: () => rssMib(child.pid),
    bytes: () => bytes,
    type: (text: string) => child.terminal?.write(text),
    /** From a key to the first output after it, ms. */
    async answer(text: string): Promise<number> {
      const before = performance.now();
      const answered = new Promise<number>((resolve) => {
        onData = () => resolve(performance.now());
      });
      child.terminal?.write(text);
      return (await answered) - before;
    },
    async idlePercent(seconds: number): Promise<number> {
      const before = usedMs();
      await Bun.sleep(seconds * 1000);
      return (usedMs() - before) / (seconds * 10);
    },
    /** Until it has done what it was told. */
    async quiet(): Promise<void> {
      for (let before = usedMs(); ; before = usedMs()) {
        await Bun.sleep(1000);
        if (usedMs() - before < 100) return;
      }
    },
    async end(): Promise<void> {
      child.kill('SIGTERM');
      await child.exited;
    },
  };
}
