import { writeSync } from 'node:fs';
import type { AgentApi } from '@mvirt/api/client';
import type { CliRenderer } from '@opentui/core';
import { render } from '@opentui/solid';
import { createClipboard } from './clipboard.ts';
import { createOwnFiles } from './forms/own-files.ts';
import { createTerminalLender } from './lend-terminal.ts';
import { openScreen, type ScreenOptions } from './open-screen.ts';
import { registerGuestTerminal } from './panes/console.tsx';
import { Screen } from './screen.tsx';
import type { Agent } from './stores/agent.ts';
import { createClientAgent } from './stores/client-agent.ts';
import { createRunLine } from './stores/run-line.ts';
import { systemTimers } from './stores/timers.ts';
import { createUi } from './stores/ui.ts';

export type RunUiOptions = ScreenOptions & {
  socketPath: string;
  /** Sockets that were looked at before this one was chosen. */
  tried: string[];
  /** Called once the user has quit and the terminal is as it was. */
  onQuit?: () => void;
};

/** The full-screen UI until it ends. The exit status: 0 after quitting, 128 + n after signal n, 1 after a defect. */
export async function runUi(options: RunUiOptions): Promise<number> {
  const client = createClientAgent(options);
  try {
    return await runUiWith({ agent: client.agent, api: client.api }, options);
  } finally {
    await client.close();
  }
}

/** The same with another agent. */
export async function runUiWith({ agent, api }: { agent: Agent; api: AgentApi }, options: Omit<RunUiOptions, 'tried'>): Promise<number> {
  const ended = Promise.withResolvers<{ status: number; defect: unknown }>();
  const end = (status: number, defect: unknown = null): void => ended.resolve({ status, defect });
  registerGuestTerminal();
  const screen = await openScreen(options, () => end(0));
  const { renderer } = screen;
  const lender = createTerminalLender({ renderer, socketPath: options.socketPath });
  const ui = createUi({
    agent,
    timers: systemTimers(),
    files: createOwnFiles(process.cwd()),
    runLine: createRunLine({ api, cwd: process.cwd(), env: process.env }),
    copy: createClipboard(renderer, process.env),
    inTerminal: lender.run,
    onSuspend: () => suspend(renderer),
    onQuit: () => end(0),
  });
  const unhook = hookProcess(renderer, end, lender.lent);
  try {
    const theme = await screen.theme();
    await render(() => <Screen ui={ui} theme={theme} />, renderer);
    const { status, defect } = await ended.promise;
    lender[Symbol.dispose]();
    ui.dispose();
    restore(renderer);
    if (defect !== null) writeSync(2, `mvirt: the UI ended by a defect: ${defect instanceof Error ? (defect.stack ?? defect.message) : String(defect)}\n`);
    options.onQuit?.();
    return status;
  } finally {
    unhook();
    ui.dispose();
    restore(renderer);
  }
}

/** A key of the terminal sends these to whoever reads it. */
const typed: ReadonlySet<string> = new Set(['SIGINT', 'SIGQUIT']);
const signalNumbers = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGTERM: 15 } as const;

/** Every way out leads through `end`, and a process that exits elsewhere restores its terminal too. */
function hookProcess(renderer: CliRenderer, end: (status: number, defect?: unknown) => void, lent: () => boolean): () => void {
  const onDefect = (error: unknown): void => end(1, error);
  const onExit = (): void => restore(renderer);
  const hooks: [string, (value?: unknown) => void][] = [
    ['uncaughtException', onDefect],
    ['unhandledRejection', onDefect],
    ['exit', onExit],
    ...Object.entries(signalNumbers).map(([signal, number]): [string, () => void] => [
      signal,
      () => (lent() && typed.has(signal) ? undefined : end(128 + number)),
    ]),
  ];
  for (const [name, hook] of hooks) process.on(name, hook);
  // A terminal may go without a signal: of a process in a session of its own.
  const onGone = (): void => end(128 + signalNumbers.SIGHUP);
  for (const name of ['end', 'close', 'error']) process.stdin.on(name, onGone);
  return () => {
    for (const [name, hook] of hooks) process.off(name, hook);
    for (const name of ['end', 'close', 'error']) process.stdin.off(name, onGone);
  };
}

function restore(renderer: CliRenderer): void {
  if (renderer.isDestroyed) return;
  try {
    renderer.destroy();
  } catch {
    // The terminal itself is gone (SIGHUP): nothing is left to restore.
  }
}

/** How long the shell has for stopping us; a process without job control is not stopped at all and goes on then. */
const stoppedWithinMs = 200;

/** Ctrl-Z: the terminal as it was, this job stopped as the terminal driver would; the screen drawn anew when it goes on. */
function suspend(renderer: CliRenderer): void {
  let resumed = false;
  const resume = (): void => {
    if (resumed || renderer.isDestroyed) return;
    resumed = true;
    process.off('SIGCONT', resume);
    renderer.resume();
    // Only a job in the foreground hears of a new size.
    process.kill(process.pid, 'SIGWINCH');
  };
  renderer.suspend();
  process.on('SIGCONT', resume);
  process.kill(0, 'SIGTSTP');
  setTimeout(resume, stoppedWithinMs);
}
