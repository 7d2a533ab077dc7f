import type { Vm } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import { batch, createEffect, createMemo, createRoot, createSignal, on, onCleanup } from 'solid-js';
import type { Command, View } from '../keymap/command.ts';
import { screenCommands } from '../keymap/screen-commands.ts';
import { vmCommands } from '../keymap/vm-commands.ts';
import type { Message } from '../layout/footer-lines.ts';
import type { PaneName } from '../layout/screen-layout.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Agent, AgentAction, ConnectionState, VmNotice } from './agent.ts';
import { createConsoleStore } from './console-store.ts';
import { createCreateStore } from './create-store.ts';
import { createFigureStore } from './figure-store.ts';
import { keepStream } from './keep-stream.ts';
import { createLogStore } from './log-store.ts';
import type { Timers } from './timers.ts';
import { createVmStore } from './vm-store.ts';

export type Dialog = { kind: 'help'; top: number } | { kind: 'create' } | { kind: 'confirm'; action: 'kill' | 'delete'; vm: Vm };

export type UiDeps = {
  agent: Agent;
  timers: Timers;
  onQuit: () => void;
};

export type Ui = ReturnType<typeof createUi>;

const paneOrder: PaneName[] = ['list', 'logs', 'console'];
/** A selection that moves on within this time opens no streams: holding an arrow key must not flood the agent. */
const settleMs = 80;
const logTail = 500;

/** Everything that the panes show and that keys change. Nothing in it waits for the agent. */
export function createUi(deps: UiDeps) {
  return createRoot((dispose) => {
    const { agent, timers } = deps;
    const over = new AbortController();
    const [connection, setConnection] = createSignal<ConnectionState>({ status: 'connecting' });
    const [focus, setFocusTo] = createSignal<PaneName>('list');
    const [zoomed, setZoomed] = createSignal(false);
    const [dialog, setDialog] = createSignal<Dialog | null>(null);
    const [filtering, setFiltering] = createSignal(false);
    const [message, setMessage] = createSignal<Message | null>(null);
    const [lastLine, setLastLine] = createSignal<string | null>(null);
    /** The VM whose streams are open: the selected one, once the selection rests. */
    const [streamed, setStreamed] = createSignal<string | null>(null);

    const say = (text: string, tone: Message['tone'] = 'plain'): void => void setMessage({ text, tone });
    const sayError = (error: unknown): void => {
      const { message: text, hint } = toMvirtError(error);
      say(`${text}; ${hint}`, 'bad');
    };

    const connected = createMemo(() => connection().status === 'connected');
    const vms = createVmStore();
    const logs = createLogStore();
    const consoles = createConsoleStore({ agent, timers, onError: sayError });
    const figures = createFigureStore({ agent, timers, onUsage: vms.setUsage });
    const create = createCreateStore({
      agent,
      signal: over.signal,
      connected,
      onRefused: (error) => {
        if (dialog()?.kind === 'create') return false;
        sayError(error);
        return true;
      },
      onCreated: (vm, warnings, line) =>
        batch(() => {
          vms.apply({ kind: 'changed', vm });
          // Who has closed the form meanwhile is busy elsewhere, maybe typing.
          if (dialog()?.kind === 'create') {
            setDialog(null);
            vms.setFilter('');
            vms.select(vm.id);
            setFocus('list');
          }
          say(`${vmLabel(vm)} was created${warnings.length > 0 ? `; ${warnings.join('; ')}` : '; s starts it'}`, warnings.length > 0 ? 'warning' : 'good');
          setLastLine(line);
        }),
    });

    const view = createMemo<View>(() => ({ focus: focus(), zoomed: zoomed(), connected: connected(), selected: vms.selected(), filter: vms.filter() }));

    function setFocus(pane: PaneName): void {
      setFocusTo(pane);
      setLastLine(null);
    }

    async function act(action: AgentAction, vm: Vm): Promise<void> {
      // Sent now, it would be done whenever the agent comes back.
      if (!connected()) {
        say(`${vmLabel(vm)}: ${action}: the agent cannot be reached`, 'bad');
        return;
      }
      say(`${vmLabel(vm)}: ${action} …`, 'busy');
      setLastLine(commands.find((command) => command.id === action)?.commandLine({ ...view(), selected: vm }) ?? null);
      try {
        const answer = await agent.act(action, vm.id, { signal: over.signal });
        const what = action === 'delete' ? 'deleted' : answer.changed ? answer.vm.state : `nothing to do, it is ${answer.vm.state}`;
        say(`${vmLabel(vm)}: ${answer.note ?? what}`, 'good');
      } catch (error) {
        if (!over.signal.aborted) sayError(error);
      }
    }

    const commands: Command[] = [
      ...vmCommands({
        act: (action, vm) => void act(action, vm),
        confirm: (action, vm) => setDialog({ kind: 'confirm', action, vm }),
        openConsole: () => setFocus('console'),
        openCreate: () =>
          batch(() => {
            create.open();
            setDialog({ kind: 'create' });
          }),
      }),
      ...screenCommands({
        move: (pane, by, direction) => movers[pane]?.(by, direction),
        cycleFocus: (direction) => setFocus(paneOrder[(paneOrder.indexOf(focus()) + direction + paneOrder.length) % paneOrder.length] ?? 'list'),
        toggleZoom: () => setZoomed((on) => !on),
        startFilter: () =>
          batch(() => {
            setFocus('list');
            setFiltering(true);
          }),
        goBack: () => {
          if (zoomed()) setZoomed(false);
          else if (focus() !== 'list') setFocus('list');
          else if (vms.filter() !== '') vms.setFilter('');
          else setMessage(null);
        },
        showHelp: () => setDialog({ kind: 'help', top: 0 }),
        quit: () => deps.onQuit(),
      }),
    ];

    /** Rows that each pane shows now; the panes tell. */
    const rows: Record<PaneName, number> = { list: 10, logs: 5, console: 10 };
    const movers: Partial<Record<PaneName, (by: 'line' | 'page' | 'end', direction: -1 | 1) => void>> = {
      list: (by, direction) => {
        const step = by === 'line' ? 1 : by === 'page' ? Math.max(1, rows.list - 1) : vms.shown().length;
        vms.selectAt(vms.index() + direction * step);
      },
      logs: (by, direction) => logs.scroll(by, direction, rows.logs),
    };

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
      create,
      host: figures.host,
      focus,
      setFocus,
      zoomed,
      toggleZoom: () => setZoomed((on) => !on),
      dialog,
      /** The help moved by rows; past its last row there is nothing. */
      scrollHelp: (rows: number): void => {
        setDialog((now) => (now?.kind === 'help' ? { kind: 'help', top: Math.min(Math.max(0, now.top + rows), commands.length) } : now));
      },
      closeDialog: () => setDialog(null),
      filtering,
      setFiltering,
      message,
      say,
      lastLine,
      view,
      commands,
      streamed,
      act: (action: AgentAction, vm: Vm): void => void act(action, vm),
      setRows: (pane: PaneName, count: number): void => {
        rows[pane] = count;
      },
      dispose(): void {
        over.abort();
        dispose();
      },
    };
  });
}
