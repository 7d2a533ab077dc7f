import type { Vm } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import { batch, createEffect, createMemo, createRoot, createSignal, on, onCleanup, untrack } from 'solid-js';
import type { OwnFiles } from '../forms/own-files.ts';
import type { Command, View } from '../keymap/command.ts';
import { commands } from '../keymap/commands.ts';
import type { Mode } from '../keymap/mode.ts';
import type { PaneName } from '../layout/screen-layout.ts';
import { createActions } from './actions.ts';
import type { Agent, ConnectionState, VmNotice } from './agent.ts';
import { createConsoleStore } from './console-store.ts';
import { createDialogs } from './dialogs.ts';
import { createFigureStore } from './figure-store.ts';
import { keepStream } from './keep-stream.ts';
import { createLogStore } from './log-store.ts';
import { createMessageStore } from './message-store.ts';
import type { RunLine } from './run-line.ts';
import type { Timers } from './timers.ts';
import { createVmStore } from './vm-store.ts';

export type UiDeps = {
  agent: Agent;
  timers: Timers;
  files: OwnFiles;
  runLine: RunLine;
  /** To the terminal's clipboard; false: it cannot be had. */
  copy: (text: string) => boolean;
  /** Runs `mvirt ARGV` on the terminal instead of the UI, which comes back after it. */
  inTerminal: (argv: readonly string[]) => Promise<number>;
  onSuspend: () => void;
  onQuit: () => void;
};

export type Ui = ReturnType<typeof createUi>;

/** A selection that moves on within this time opens no streams: holding an arrow key must not flood the agent. */
const settleMs = 80;
const logTail = 500;
const noVms: readonly Vm[] = [];

/** Everything that the panes show and that keys change. Nothing in it waits for the agent. */
export function createUi(deps: UiDeps) {
  return createRoot((dispose) => {
    const { agent, timers } = deps;
    const over = new AbortController();
    const [connection, setConnection] = createSignal<ConnectionState>({ status: 'connecting' });
    const [focus, setFocusTo] = createSignal<PaneName>('list');
    const [zoomed, setZoomed] = createSignal(false);
    /** Which line of text is being typed into a pane's frame. */
    const [typingInto, setTypingInto] = createSignal<'filter' | 'search' | null>(null);
    const [lastLine, setLastLine] = createSignal<string | null>(null);
    /** The VM whose streams are open: the selected one, once the selection rests. */
    const [streamed, setStreamed] = createSignal<string | null>(null);

    const { message, say, clear: clearMessage, goOn } = createMessageStore(timers);
    const sayError = (error: unknown): void => {
      const { message: text, hint } = toMvirtError(error);
      say(`${text}; ${hint}`, 'bad');
    };

    const connected = createMemo(() => connection().status === 'connected');
    const vms = createVmStore();
    const logs = createLogStore();
    const consoles = createConsoleStore({ agent, timers, onError: sayError });
    const figures = createFigureStore({ agent, timers, onUsage: vms.setUsage });
    const dialogs = createDialogs();

    const details = createMemo(() => dialogs.stack().find((dialog) => dialog.kind === 'details') ?? null);
    /** The VM that commands act on: the one whose details are open, else the selected one. */
    const subject = createMemo<Vm | null>(() => {
      const open = details();
      return open === null ? vms.selected() : (vms.all().find((vm) => vm.id === open.id) ?? null);
    });
    const mode = createMemo<Mode>(() => dialogs.front()?.kind ?? typingInto() ?? focus());
    /** Beneath the command line: what its commands are about. */
    const baseMode = createMemo<Mode>(() => dialogs.stack().findLast((dialog) => dialog.kind !== 'palette')?.kind ?? focus());
    const viewIn = (where: Mode): View => ({
      mode: where,
      connected: connected(),
      vms: () => untrack(vms.all),
      selected: subject(),
      marked: where === 'list' ? vms.marks.seen() : noVms,
      part: details()?.store.part() ?? null,
      search: logs.search.term(),
    });
    const view = createMemo<View>(() => viewIn(mode()));
    const baseView = createMemo<View>(() => viewIn(baseMode()));

    function setFocus(pane: PaneName): void {
      setFocusTo(pane);
      setLastLine(null);
    }

    const actions = createActions({
      ...deps,
      signal: over.signal,
      connected,
      vms,
      logs,
      dialogs,
      mode,
      baseView,
      focus,
      setFocus,
      zoomed,
      setZoomed,
      typingInto,
      setTypingInto,
      say,
      clearMessage,
      setLastLine,
      run,
    });

    /** Runs a command where it can act; says why where it cannot. */
    function run(command: Command, seen: View): void {
      goOn();
      const reason = command.disabledReason(seen);
      if (reason !== null) {
        say(`${command.hint ?? command.title}: ${reason}`, 'warning');
        return;
      }
      batch(() => {
        command.run(actions, seen);
        const line = command.cliLine(seen);
        if (line !== null) setLastLine(line);
      });
    }

    onCleanup(
      agent.onConnection((state) => {
        batch(() => {
          const before = connection().status;
          if ((before === 'lost' || before === 'silent') && state.status === 'connected') say('the agent is back', 'good');
          setConnection(state);
        });
      }),
    );
    onCleanup(
      keepStream<VmNotice>({
        timers,
        open: (handlers) => agent.watchVms(handlers),
        onData: (notice) =>
          batch(() => {
            const before = vms.selected()?.id;
            vms.apply(notice);
            // What is being typed was meant for the VM that is gone, not for the one that is selected now.
            if (before !== undefined && vms.selected()?.id !== before && focus() === 'console') setFocus('list');
            if (details() !== null && subject() === null) dialogs.close(details());
          }),
      }),
    );
    onCleanup(figures.watch());

    const selectedId = createMemo(() => vms.selected()?.id ?? null);
    createEffect(
      on(selectedId, (id, before) => {
        setStreamed(null);
        setLastLine(null);
        if (id === null) return;
        if (before === undefined || before === null) setStreamed(id);
        else onCleanup(timers.after(settleMs, () => setStreamed(id)));
      }),
    );
    createEffect(
      on(streamed, (id) => {
        logs.clear();
        if (id === null) return;
        onCleanup(
          keepStream({
            timers,
            open: (handlers) => {
              logs.clear();
              return agent.watchLogs(id, logTail, handlers);
            },
            onData: logs.append,
          }),
        );
      }),
    );

    return {
      connection,
      connected,
      vms,
      logs,
      consoles,
      host: figures.host,
      focus,
      setFocus,
      zoomed,
      toggleZoom: () => setZoomed((on) => !on),
      dialogs,
      mode,
      view,
      subject,
      commands,
      actions,
      run,
      message,
      say,
      copy: deps.copy,
      lastLine,
      streamed,
      dispose(): void {
        over.abort();
        dialogs.closeAll();
        dispose();
      },
    };
  });
}
