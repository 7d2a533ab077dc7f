import { expect } from 'bun:test';
import { testRender } from '@opentui/solid';
import type { ThemeName } from '../../cli/theme-names.ts';
import { createOwnFiles } from '../forms/own-files.ts';
import { cellWidth } from '../layout/text.ts';
import { registerGuestTerminal } from '../panes/console.tsx';
import { Screen } from '../screen.tsx';
import type { Timers } from '../stores/timers.ts';
import { createUi } from '../stores/ui.ts';
import { colourLimit } from '../theme/limit-colours.ts';
import { createTheme } from '../theme/theme.ts';
import { createFakeAgent } from './fake-agent.ts';

/** The whole UI on a test screen, before an agent made of strings. `await using` proves that it leaves no stream and no timer. */
export async function openUi(size: { width: number; height: number; theme?: ThemeName; cwd?: string }) {
  registerGuestTerminal();
  const fake = createFakeAgent();
  const timers = createFakeTimers();
  const seen = { quit: 0, suspended: 0 };
  const copied: string[] = [];
  const lines: string[][] = [];
  const inTerminal: string[][] = [];
  let status = 0;
  const ui = createUi({
    agent: fake.agent,
    timers,
    files: createOwnFiles(size.cwd ?? '/'),
    runLine: async ({ command, invocation }) => {
      lines.push([command.name, ...Object.values(invocation.args).flat()]);
      return { ok: true, text: `${command.name}: done\n` };
    },
    copy: (text) => copied.push(text) > 0,
    inTerminal: async (argv) => {
      inTerminal.push([...argv]);
      return status;
    },
    onSuspend: () => void seen.suspended++,
    onQuit: () => void seen.quit++,
  });
  const themeName = size.theme ?? 'dark';
  const limit = colourLimit(themeName);
  const screen = await testRender(() => <Screen ui={ui} theme={createTheme(themeName)} />, {
    width: size.width,
    height: size.height,
    exitOnCtrlC: false,
    kittyKeyboard: true,
    postProcessFns: limit === null ? [] : [limit],
  });
  const frame = async (): Promise<string> => {
    await screen.renderOnce();
    return screen.captureCharFrame();
  };
  return {
    ui,
    fake,
    timers,
    seen,
    /** What went to the clipboard. */
    copied,
    /** Command lines that were typed, by their words. */
    lines,
    /** What was run on the terminal instead of the UI, by its words. */
    inTerminal,
    /** From now on that ends with this status. */
    failInTerminal(next: number): void {
      status = next;
    },
    screen,
    frame,
    /** Keys by name, each as its own event: `a`, `ENTER`, `^a`. */
    async keys(...names: string[]): Promise<string> {
      for (const name of names) {
        if (name === 'ESC') screen.mockInput.pressEscape();
        else if (name === 'TAB') screen.mockInput.pressTab();
        else if (name === 'S-TAB') screen.mockInput.pressTab({ shift: true });
        else if (name === 'ENTER') screen.mockInput.pressEnter();
        else if (name === '^ENTER') screen.mockInput.pressEnter({ ctrl: true });
        else if (name === 'UP' || name === 'DOWN') screen.mockInput.pressArrow(name === 'UP' ? 'up' : 'down');
        else if (name === 'LEFT' || name === 'RIGHT') screen.mockInput.pressArrow(name === 'LEFT' ? 'left' : 'right');
        else if (name === 'BACKSPACE') screen.mockInput.pressBackspace();
        else if (name.length === 2 && name.startsWith('^')) screen.mockInput.pressKey(name.slice(1), { ctrl: true });
        else screen.mockInput.pressKey(name);
      }
      return frame();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      screen.renderer.destroy();
      ui.dispose();
      expect(fake.open()).toBe(0);
      expect(timers.waiting()).toBe(0);
    },
  };
}

/** Every row has the screen's width, so that nothing pushed a border away. */
export function expectWhole(frame: string, size: { width: number; height: number }): void {
  const rows = frame.replace(/\n$/, '').split('\n');
  expect(rows.length).toBe(size.height);
  for (const row of rows) expect(cellWidth(row)).toBe(size.width);
}

function createFakeTimers(): Timers & { pass: (ms: number) => void; waiting: () => number } {
  let now = 0;
  let timers: { at: number; run: () => void }[] = [];
  return {
    after(ms, run) {
      const timer = { at: now + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((each) => each !== timer);
      };
    },
    pass(ms) {
      now += ms;
      const due = timers.filter((timer) => timer.at <= now);
      timers = timers.filter((timer) => timer.at > now);
      for (const timer of due) timer.run();
    },
    waiting: () => timers.length,
  };
}
