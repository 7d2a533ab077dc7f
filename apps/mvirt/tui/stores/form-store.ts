import { MvirtError, toMvirtError } from '@mvirt/domain';
import { batch, createMemo, createSignal } from 'solid-js';
import { type Done, type Errors, type Field, type Form, refused, type Values } from '../forms/form.ts';
import { createSeconds } from './seconds.ts';
import type { Timers } from './timers.ts';

export type FormStore = ReturnType<typeof createFormStore>;

/** One form while it is open. The places after the last field are its buttons. */
export function createFormStore(deps: {
  form: Form;
  timers: Timers;
  signal: AbortSignal;
  connected: () => boolean;
  /** line: the `mvirt …` line that does the same. */
  onDone: (done: Done, line: string) => void;
  /** True: the form is closed by now, and the error was told elsewhere. */
  onRefused: (error: MvirtError) => boolean;
}) {
  const { form } = deps;
  const [values, setValues] = createSignal<Values>(form.initial);
  const [errors, setErrors] = createSignal<Errors>({});
  const [place, setPlace] = createSignal(0);
  /** The agent has been asked, and has not answered yet. */
  const [busy, setBusy] = createSignal(false);
  const waited = createSeconds(deps.timers);
  deps.signal.addEventListener('abort', waited.stop, { once: true });
  let pressing = false;
  const places = form.fields.length + form.buttons.length;
  const button = createMemo(() => (place() < form.fields.length ? null : place() - form.fields.length));

  async function send(pressed: number): Promise<void> {
    const sent = values();
    const prepared = await form.prepare(sent, pressed);
    if (prepared.errors !== null) {
      setErrors(prepared.errors);
      const first = form.fields.findIndex(({ id }) => prepared.errors[id] !== undefined);
      if (first >= 0) setPlace(first);
      return;
    }
    setErrors({});
    if (!deps.connected()) throw agentAway(); // sent now, it would be done whenever the agent comes back
    setBusy(true);
    waited.start();
    deps.onDone(await prepared.send(deps.signal), form.line(sent, pressed));
  }

  async function submit(pressed: number): Promise<void> {
    if (pressing) return;
    pressing = true;
    try {
      await send(pressed);
    } catch (error) {
      const refusal = toMvirtError(error);
      if (!deps.signal.aborted && !deps.onRefused(refusal)) setErrors(refused(refusal, form));
    } finally {
      pressing = false;
      setBusy(false);
      waited.stop();
    }
  }

  return {
    form,
    values,
    errors,
    place,
    busy,
    /** Since the agent was asked. */
    waitedSeconds: waited.seconds,
    /** The button that has the focus. */
    button,
    field: createMemo<Field | null>(() => form.fields[place()] ?? null),
    line: createMemo(() => form.line(values(), button() ?? 0)),
    type(field: string, text: string): void {
      if (values()[field] === text) return;
      batch(() => {
        setValues((before) => ({ ...before, [field]: text }));
        setErrors(({ [field]: _mended, form: _form, ...others }) => others);
      });
    },
    goTo: setPlace,
    step: (direction: -1 | 1): void => void setPlace((at) => (at + direction + places) % places),
    press: (pressed: number): void => void submit(pressed),
  };
}

const agentAway = (): MvirtError => new MvirtError({ code: 'AGENT_UNREACHABLE', message: 'the agent cannot be reached', hint: 'try again once it is back' });
