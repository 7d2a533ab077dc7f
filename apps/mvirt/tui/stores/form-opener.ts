import { batch } from 'solid-js';
import { attachDiskForm, attachNicForm } from '../forms/attach-forms.ts';
import { createForm } from '../forms/create-form.ts';
import type { Field, Form } from '../forms/form.ts';
import { setForm } from '../forms/set-form.ts';
import type { Actions } from '../keymap/actions.ts';
import { vmWord } from '../keymap/vm-word.ts';
import type { ActionDeps } from './actions.ts';
import type { Dialog } from './dialogs.ts';
import { createFormStore } from './form-store.ts';
import { createPickerStore } from './picker-store.ts';

type Asked = Parameters<Actions['openForm']>[0];

/** Opens forms and their file pickers. */
export function createFormOpener(deps: ActionDeps): Pick<Actions, 'openForm' | 'browse'> {
  const { agent, files, vms, dialogs, say, signal } = deps;

  function formOf(asked: Asked): Form {
    if (asked.kind === 'create') return createForm({ agent, files });
    const of = { agent, vm: asked.vm, word: vmWord(asked.vm, vms.all()) };
    if (asked.kind === 'set') return setForm(of);
    return asked.kind === 'attach-disk' ? attachDiskForm(of) : attachNicForm(of);
  }

  function openForm(asked: Asked): void {
    dialogs.open(() => {
      const store = createFormStore({
        form: formOf(asked),
        timers: deps.timers,
        signal,
        connected: deps.connected,
        onRefused: (error) => {
          if (dialogs.stack().includes(dialog)) return false;
          say(`${error.message}; ${error.hint}`, 'bad');
          return true;
        },
        onDone: (done, line) =>
          batch(() => {
            // Of a VM that is known, the stream tells; what it told may be newer than this answer.
            if (!vms.all().some((vm) => vm.id === done.vm.id)) vms.apply({ kind: 'changed', vm: done.vm });
            // Who has closed the form meanwhile is busy elsewhere, maybe typing.
            if (dialogs.stack().includes(dialog)) {
              dialogs.close(dialog);
              if (asked.kind === 'create') {
                vms.setFilter('');
                vms.select(done.vm.id);
                deps.setFocus('list');
              }
            }
            say([done.text, ...done.warnings].join('; '), done.warnings.length > 0 ? 'warning' : 'good');
            deps.setLastLine(line);
          }),
      });
      const dialog: Dialog = { kind: 'form', store };
      return dialog;
    });
  }

  /** What a field's picker shows, and what becomes of a choice. */
  function picking(field: Field, typed: string): Omit<Parameters<typeof createPickerStore>[0], 'onPicked'> & { chosen: (path: string) => string } {
    const same = (path: string) => path;
    if (field.kind === 'image') {
      const list = async () => (await agent.listImages({ signal })).map((image) => ({ ...image, kind: 'file' as const }));
      const heading = 'from mvirt image import';
      return { title: `${field.label}: a stored image`, heading, from: `/${typed}`, list, chosen: (path) => path.slice(1) };
    }
    if (field.kind === 'own-file') {
      // What ends with a slash is a folder, and so is nothing at all.
      const from = `${files.path(typed || '.')}${typed === '' || typed.endsWith('/') ? '/' : ''}`;
      return { title: `${field.label}: a file of yours`, from, list: files.list, chosen: same };
    }
    return { title: `${field.label}: a file on the agent's host`, from: typed, list: (folder) => agent.listFolder(folder, { signal }), chosen: same };
  }

  return {
    openForm,
    browse() {
      const front = dialogs.front();
      const field = front?.kind === 'form' ? front.store.field() : null;
      if (front?.kind !== 'form' || field === null || field.kind === 'text') {
        say('there is nothing to choose from for this field', 'warning');
        return;
      }
      const { store } = front;
      const { chosen, ...picked } = picking(field, (store.values()[field.id] ?? '').trim());
      dialogs.open(() => {
        const picker = createPickerStore({
          ...picked,
          onPicked: (path) => {
            dialogs.closeFront();
            store.type(field.id, chosen(path));
          },
        });
        return { kind: 'picker', store: picker };
      });
    },
  };
}
