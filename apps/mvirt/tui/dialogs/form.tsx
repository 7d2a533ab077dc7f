import { createMemo, For, Index, Show } from 'solid-js';
import type { Field } from '../forms/form.ts';
import { formRows } from '../layout/form-rows.ts';
import { withSeconds } from '../layout/format.ts';
import { fitSpans, span, type Tone } from '../layout/span.ts';
import { cellWidth } from '../layout/text.ts';
import { windowTop } from '../layout/window.ts';
import { Line } from '../panes/line.tsx';
import type { FormStore } from '../stores/form-store.ts';
import type { Theme } from '../theme/theme.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 80;
const labelCells = 12;
const browseText = '…';
const browseCells = 3;

/** A form: each error stands under its field; a field for a file has a button that lists them. front: it has the keys. */
export function FormDialog(props: { store: FormStore; front: boolean; browse: () => void; screen: { width: number; height: number }; theme: Theme }) {
  const { store } = props;
  const { form } = store;
  const inner = () => Math.max(1, Math.min(width, props.screen.width) - 2);
  const fieldWidth = (field?: Field) => Math.max(1, inner() - labelCells - 1 - (field !== undefined && field.kind !== 'text' ? browseCells : 0));
  const rows = createMemo(() =>
    formRows({ fields: form.fields.map((field) => field.id), errors: store.errors(), line: store.line(), fieldWidth: fieldWidth(), width: inner() }),
  );
  const seen = () => Math.max(1, Math.min(rows().height + 2, props.screen.height) - 2);
  const current = () => rows().fields[store.place()] ?? rows().buttons;
  /** Where the form is higher than the screen, the place in use is kept in sight, with its error. */
  const top = createMemo<number>(
    (before) => windowTop({ top: before, index: Math.min(current() + 1, rows().height - 1), rows: seen(), total: rows().height }),
    0,
  );
  return (
    <DialogBox
      title={form.title}
      notes={['Tab next · ^↵ or ^s submits · Esc leaves', 'Esc leaves']}
      screen={props.screen}
      width={width}
      height={rows().height + 2}
      theme={props.theme}
      onWheel={(direction) => store.step(direction)}
    >
      <For each={form.fields}>
        {(field, index) => (
          <FieldRow
            field={field}
            row={(rows().fields[index()] ?? 0) - top()}
            width={fieldWidth(field)}
            focused={props.front && store.place() === index()}
            store={store}
            browse={() => {
              store.goTo(index());
              props.browse();
            }}
            goTo={() => store.goTo(index())}
            theme={props.theme}
          />
        )}
      </For>
      <Index each={rows().errors}>
        {(error) => <TextRow row={error().row - top()} text={error().text} tone="bad" left={labelCells} width={inner()} theme={props.theme} />}
      </Index>
      <For each={form.buttons}>
        {(label, at) => (
          <box
            position="absolute"
            left={labelCells + form.buttons.slice(0, at()).reduce((sum, each) => sum + cellWidth(buttonText(each)) + 2, 0)}
            top={rows().buttons - top()}
            width={cellWidth(buttonText(label))}
            height={1}
            onMouseDown={() => store.press(at())}
          >
            <Line width={cellWidth(buttonText(label))} theme={props.theme} spans={[span(buttonText(label), store.button() === at() ? 'selected' : 'key')]} />
          </box>
        )}
      </For>
      <Show when={store.busy()}>
        <TextRow
          row={rows().buttons + 1 - top()}
          text={withSeconds('asking the agent …', store.waitedSeconds())}
          tone="busy"
          left={labelCells}
          width={inner()}
          theme={props.theme}
        />
      </Show>
      <Index each={rows().message}>
        {(line) => <TextRow row={line().row - top()} text={line().text} tone="bad" left={1} width={inner()} theme={props.theme} />}
      </Index>
      <Index each={rows().line}>
        {(line) => <TextRow row={line().row - top()} text={line().text} tone="accent" left={1} width={inner()} theme={props.theme} />}
      </Index>
    </DialogBox>
  );
}

/** One row of words, to the dialog's right end. */
function TextRow(props: { row: number; text: string; tone: Tone; left: number; width: number; theme: Theme }) {
  const width = () => Math.max(1, props.width - props.left);
  return <Line top={props.row} left={props.left} width={width()} theme={props.theme} spans={fitSpans([span(props.text, props.tone)], width())} />;
}

const buttonText = (label: string): string => `[ ${label} ]`;

function FieldRow(props: { field: Field; row: number; width: number; focused: boolean; store: FormStore; browse: () => void; goTo: () => void; theme: Theme }) {
  const { field, store } = props;
  const style = (focused: boolean) => props.theme.style(focused ? 'fieldFocused' : 'field');
  const tone = (): Tone => (store.errors()[field.id] !== undefined ? 'bad' : props.focused ? 'strong' : 'plain');
  return (
    <>
      <Line top={props.row} width={labelCells} theme={props.theme} spans={fitSpans([span(` ${field.label}`, tone())], labelCells)} />
      <input
        position="absolute"
        left={labelCells}
        top={props.row}
        width={props.width}
        focused={props.focused}
        value={store.values()[field.id] ?? ''}
        placeholder={props.focused ? field.example : ''}
        backgroundColor={style(false).bg}
        textColor={style(false).fg}
        focusedBackgroundColor={style(true).bg}
        focusedTextColor={style(true).fg}
        placeholderColor={props.theme.style('dim').fg}
        onInput={(text) => store.type(field.id, text)}
        onMouseDown={() => props.goTo()}
      />
      <Show when={field.kind !== 'text'}>
        <box position="absolute" left={labelCells + props.width} top={props.row} width={browseCells} height={1} onMouseDown={() => props.browse()}>
          <Line width={browseCells} theme={props.theme} spans={fitSpans([span(` ${browseText}`, 'key')], browseCells)} />
        </box>
      </Show>
    </>
  );
}
