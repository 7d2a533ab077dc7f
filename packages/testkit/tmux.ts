import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from './wait-for.ts';

export type TerminalOptions = {
  /** What runs in it, without a shell in between. */
  argv: readonly string[];
  columns?: number;
  rows?: number;
  cwd?: string;
  /** Added to the environment of this process. */
  env?: Record<string, string>;
  /** What TERM says in it. */
  term?: string;
};

/** A real terminal of a tmux server of its own. What ran in it stays on its screen after its end. */
export type Terminal = AsyncDisposable & {
  /** The process in it. */
  pid(): Promise<number>;
  /** The device of its terminal, such as /dev/pts/3, for stty -F. */
  device(): Promise<string>;
  /** The screen's text, a line a row, without blanks at their ends. */
  screen(): Promise<string>;
  /** The same with all that scrolled off it; lines that were too long for a row are joined again. */
  everything(): Promise<string>;
  /** Keys by tmux's names: Enter, Escape, C-a, Up, F1, x. */
  keys(...names: string[]): Promise<void>;
  /** Text as it is, no key names in it. */
  type(text: string): Promise<void>;
  resize(columns: number, rows: number): Promise<void>;
  /** Whether what runs in it has asked for the mouse. */
  wantsMouse(): Promise<boolean>;
  /** What runs in it has last put into the clipboard by OSC 52; '': nothing. */
  copied(): Promise<string>;
  /** The screen's text with its colours and attributes, as SGR sequences. */
  styled(): Promise<string>;
  /** Whatever tmux knows of it, by a format such as `#{alternate_on} #{cursor_flag}`. */
  ask(format: string): Promise<string>;
  /** From now on all that is written to it goes into a file as well. */
  record(path: string): Promise<void>;
  /** The exit status, or the signal's number as 128 and more; null while it runs. */
  ended(): Promise<number | null>;
  /** Waits (default 10 s) until the screen has it, and answers with the screen. @throws Error with the screen as it is */
  until(what: string | RegExp, options?: { timeoutMs?: number }): Promise<string>;
  /** Waits (default 10 s) for the end of what runs in it, and answers as ended() does. */
  untilEnded(options?: { timeoutMs?: number }): Promise<number>;
};

const run = promisify(execFile);
const patienceMs = 20_000;

/** Why there can be no terminal here, for a skip; null where there can. */
export const noTerminal = (): string | null => (Bun.which('tmux') === null ? 'tmux is not installed (Debian package tmux)' : null);

/** Opens a terminal; disposing it ends all that runs in it, and its server. */
export async function openTerminal({
  argv,
  columns = 100,
  rows = 30,
  cwd = process.cwd(),
  env = {},
  term = 'screen-256color',
}: TerminalOptions): Promise<Terminal> {
  const folder = mkdtempSync(join(tmpdir(), 'mvirt-tmux-'));
  const socket = join(folder, 'socket');
  // Not from inside another tmux, and no settings of the user's own.
  const { TMUX: _, TMUX_PANE: __, ...surroundings } = process.env;
  const tmux = async (...words: string[]): Promise<string> => {
    const { stdout } = await run('tmux', ['-S', socket, '-f', '/dev/null', '-u', ...words], {
      cwd,
      env: { ...surroundings, LC_ALL: 'C.UTF-8', ...env },
      timeout: patienceMs,
      maxBuffer: 64 << 20,
    });
    return stdout;
  };
  const setting = (name: string, value: string) => ['set-option', '-g', name, value, ';'];
  const settings = [
    ...setting('remain-on-exit', 'on'),
    ...setting('status', 'off'),
    ...setting('history-limit', '100000'),
    ...setting('default-terminal', term),
    ...['set-option', '-s', 'escape-time', '0', ';', 'set-option', '-s', 'set-clipboard', 'on', ';'],
  ];
  try {
    await tmux('start-server', ';', ...settings, 'new-session', '-d', '-x', `${columns}`, '-y', `${rows}`, '--', ...argv);
  } catch (error) {
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  const serverPid = Number(await tmux('display-message', '-p', '#{pid}'));
  const pane = async (format: string): Promise<string> => (await tmux('display-message', '-p', format)).trimEnd();
  const screen = () => tmux('capture-pane', '-p');

  const ended = async () => {
    const [dead, status, signal, pid] = (await pane('#{pane_dead},#{pane_dead_status},#{pane_dead_signal},#{pane_pid}')).split(',');
    if (dead !== '1') return null;
    if (status) return Number(status);
    return signal ? 128 + Number(signal) : statusOfZombie(Number(pid));
  };

  return {
    pid: async () => Number(await pane('#{pane_pid}')),
    device: () => pane('#{pane_tty}'),
    screen,
    everything: () => tmux('capture-pane', '-p', '-J', '-S', '-'),
    keys: async (...names) => void (await tmux('send-keys', ...names)),
    type: async (text) => void (await tmux('send-keys', '-l', '--', text)),
    resize: async (width, height) => void (await tmux('resize-window', '-x', `${width}`, '-y', `${height}`)),
    styled: () => tmux('capture-pane', '-p', '-e', '-N'),
    ask: pane,
    record: async (path) => void (await tmux('pipe-pane', '-O', `cat > '${path}'`)),
    copied: () => tmux('show-buffer').catch(() => ''), // it has no buffer
    wantsMouse: async () => (await pane('#{mouse_any_flag}')) === '1',
    ended,
    async until(what, { timeoutMs = patienceMs } = {}) {
      const has = (text: string) => (typeof what === 'string' ? text.includes(what) : what.test(text));
      let seen = '';
      const look = async () => {
        seen = await screen();
        return has(seen) ? seen : null;
      };
      try {
        return await waitFor(`the screen to show ${what}`, look, { timeoutMs });
      } catch (error) {
        throw new Error(`the screen never showed ${what}; it shows:\n${seen.trimEnd()}`, { cause: error });
      }
    },
    untilEnded: ({ timeoutMs = patienceMs } = {}) => waitFor('what runs in the terminal to end', ended, { timeoutMs }),
    async [Symbol.asyncDispose]() {
      await tmux('kill-server').catch((error: unknown) => {
        // It may have ended before us; one that lives on is found out below.
        if (lives(serverPid)) throw error;
      });
      await waitFor('the tmux server to end', () => !lives(serverPid), { timeoutMs: patienceMs });
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The terminal closes before tmux has waited for the process, and now and then it never does: the kernel knows (proc(5), exit_code). */
function statusOfZombie(pid: number): number | null {
  const stat = statOf(pid);
  if (stat?.[0] !== 'Z') return null;
  const status = Number(stat[49]);
  return (status & 127) === 0 ? status >> 8 : 128 + (status & 127);
}

const lives = (pid: number): boolean => !['Z', 'X', undefined].includes(statOf(pid)?.[0]);

/** The words of /proc/PID/stat after the name: the state first. */
function statOf(pid: number): string[] | null {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return null; // it has ended, and was waited for
  }
}
