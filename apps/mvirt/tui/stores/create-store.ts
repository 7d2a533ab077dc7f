import type { Vm } from '@mvirt/api/schema';
import { MvirtError, toMvirtError } from '@mvirt/domain';
import { createMemo, createSignal } from 'solid-js';
import {
  type CreateErrors,
  type CreateField,
  type CreateValues,
  createFields,
  createLine,
  emptyCreate,
  readCreate,
  refusedCreate,
} from '../dialogs/create-form.ts';
import type { Agent } from './agent.ts';

export type CreateStore = ReturnType<typeof createCreateStore>;

/** The create form while it is open. The place after the last field is the button. */
export function createCreateStore(deps: {
  agent: Agent;
  signal: AbortSignal;
  connected: () => boolean;
  onCreated: (vm: Vm, warnings: string[], line: string) => void;
  /** True: the form is closed by now, and the error was told elsewhere. */
  onRefused: (error: MvirtError) => boolean;
}) {
  const [values, setValues] = createSignal<CreateValues>(emptyCreate());
  const [errors, setErrors] = createSignal<CreateErrors>({});
  const [place, setPlace] = createSignal(0);
  const [busy, setBusy] = createSignal(false);

  async function submit(): Promise<void> {
    if (busy()) return;
    const read = readCreate(values());
    setErrors(read.errors ?? {});
    if (read.input === null) {
      const first = createFields.findIndex(({ id }) => read.errors[id] !== undefined);
      if (first >= 0) setPlace(first);
      return;
    }
    if (!deps.connected()) {
      // Sent now, it would be done whenever the agent comes back.
      setErrors(refusedCreate(new MvirtError({ code: 'AGENT_UNREACHABLE', message: 'the agent cannot be reached', hint: 'try again once it is back' })));
      return;
    }
    setBusy(true);
    const line = createLine(values());
    try {
      const { vm, warnings } = await deps.agent.create(read.input, { signal: deps.signal });
      deps.onCreated(vm, warnings, line);
    } catch (error) {
      const refusal = toMvirtError(error);
      if (!deps.onRefused(refusal)) setErrors(refusedCreate(refusal));
    } finally {
      setBusy(false);
    }
  }

  return {
    values,
    errors,
    place,
    busy,
    onButton: createMemo(() => place() === createFields.length),
    line: createMemo(() => createLine(values())),
    open(): void {
      setValues(emptyCreate());
      setErrors({});
      setPlace(0);
    },
    type(field: CreateField, text: string): void {
      if (values()[field] === text) return;
      setValues((before) => ({ ...before, [field]: text }));
      setErrors(({ [field]: _mended, form: _form, ...others }) => others);
    },
    goTo: setPlace,
    step(direction: -1 | 1): void {
      const places = createFields.length + 1;
      setPlace((at) => (at + direction + places) % places);
    },
    submit: (): void => void submit(),
  };
}
