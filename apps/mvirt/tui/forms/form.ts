import type { Vm } from '@mvirt/api/schema';
import type { MvirtError } from '@mvirt/domain';

/** file: on the agent's host; own-file: where this terminal is; image: one that the agent keeps. All but text can be picked. */
export type Field = { id: string; label: string; kind: 'text' | 'file' | 'own-file' | 'image'; example: string };

export type Values = Readonly<Record<string, string>>;
/** By field; `form` where none is named. */
export type Errors = Readonly<Record<string, string>>;

/** vm: what the list selects next. */
export type Done = { text: string; warnings: readonly string[]; vm: Vm };

export type Prepared = { errors: Errors } | { errors: null; send: (signal: AbortSignal) => Promise<Done> };

/** A dialog of fields as data. Its last places are its buttons; the first button is what ^Enter presses. */
export type Form = {
  title: string;
  fields: readonly Field[];
  buttons: readonly string[];
  initial: Values;
  /** The `mvirt …` line that does the same as a button. */
  line: (values: Values, button: number) => string;
  /** Checks what was typed and reads its files. */
  prepare: (values: Values, button: number) => Promise<Prepared>;
  /** Which field an agent's word for one means; undefined: none. */
  fieldOf: (name: string) => string | undefined;
};

/** What the agent refused, beside the field that it names. */
export function refused(error: MvirtError, form: Pick<Form, 'fieldOf'>): Errors {
  const named = /^([a-zA-Z-]+)[^:]*: (.*)$/s.exec(error.message);
  const byName = named !== null && (error.code === 'INVALID_ARGUMENT' || error.code === 'IMAGE_NOT_FOUND');
  const field = error.code === 'NAME_TAKEN' ? form.fieldOf('name') : byName ? form.fieldOf(named[1] ?? '') : undefined;
  if (field === undefined) return { form: `${error.message}; ${error.hint}` };
  return { [field]: byName ? (named[2] ?? error.message) : error.message };
}

/** What a field's text is wrong about, without the option's name before it. */
export const withoutOption = (message: string): string => message.replace(/^(--)?[a-z-]+: /, '');
