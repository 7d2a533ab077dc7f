import { type Accessor, For, Show } from 'solid-js';
import { fitSpans, span } from '../layout/span.ts';
import { cellWidth, plainText } from '../layout/text.ts';
import { Line } from '../panes/line.tsx';
import type { CreateStore } from '../stores/create-store.ts';
import type { Theme } from '../theme/theme.ts';
import { createFields } from './create-form.ts';
import { DialogBox } from './dialog-box.tsx';

const width = 80;
const labelCells = 12;
const fieldRows = 2;

/** The form for a new VM: each field's error stands under it. */
export function Create(props: { create: CreateStore; screen: { width: number; height: number }; theme: Theme }) {
  const { create } = props;
  const inner = () => Math.max(1, Math.min(width, props.screen.width) - 2);
  const height = () => Math.min(createFields.length * fieldRows + 5, props.screen.height);
  /** Where the form is higher than the screen, the field in use is kept in sight. */
  const scrolled = () => Math.max(0, Math.min(create.place() * fieldRows + 4 - (height() - 2), createFields.length * fieldRows + 3 - (height() - 2)));
  const fieldWidth = () => Math.max(1, inner() - labelCells - 1);
  const style = (focused: boolean) => props.theme.style(focused ? 'fieldFocused' : 'field');
  return (
    <DialogBox
      title="Create a VM"
      notes={['Tab next · ^↵ creates · Esc back', 'Esc back']}
      screen={props.screen}
      width={width}
      height={createFields.length * fieldRows + 5}
      theme={props.theme}
    >
      <For each={createFields}>
        {(field, index) => {
          const focused = () => create.place() === index();
          const row = () => index() * fieldRows - scrolled();
          const error = () => create.errors()[field.id];
          return (
            <>
              <Line
                top={row()}
                width={labelCells}
                theme={props.theme}
                spans={fitSpans([span(` ${field.label}`, error() ? 'bad' : focused() ? 'strong' : 'plain')], labelCells)}
              />
              <input
                position="absolute"
                left={labelCells}
                top={row()}
                width={fieldWidth()}
                focused={focused()}
                value={create.values()[field.id]}
                placeholder={focused() ? field.example : ''}
                backgroundColor={style(false).bg}
                textColor={style(false).fg}
                focusedBackgroundColor={style(true).bg}
                focusedTextColor={style(true).fg}
                placeholderColor={props.theme.style('dim').fg}
                onInput={(text) => create.type(field.id, text)}
                onMouseDown={() => create.goTo(index())}
              />
              <Show when={error()}>
                {(text: Accessor<string>) => (
                  <Line
                    top={row() + 1}
                    left={labelCells}
                    width={fieldWidth()}
                    theme={props.theme}
                    spans={fitSpans([span(`× ${plainText(text())}`, 'bad')], fieldWidth())}
                  />
                )}
              </Show>
            </>
          );
        }}
      </For>
      <box
        position="absolute"
        left={labelCells}
        top={createFields.length * fieldRows - scrolled()}
        width={cellWidth(buttonText)}
        height={1}
        onMouseDown={() => create.submit()}
      >
        <Line
          width={cellWidth(buttonText)}
          theme={props.theme}
          spans={[span(create.busy() ? fitButton('creating …') : buttonText, create.onButton() ? 'selected' : 'key')]}
        />
      </box>
      <Line
        top={createFields.length * fieldRows + 1 - scrolled()}
        width={inner()}
        theme={props.theme}
        spans={fitSpans([create.errors().form ? span(` × ${plainText(create.errors().form ?? '')}`, 'bad') : span('')], inner())}
      />
      <Line
        top={createFields.length * fieldRows + 2 - scrolled()}
        width={inner()}
        theme={props.theme}
        spans={fitSpans([span(' $ ', 'dim'), span(plainText(create.line()), 'accent')], inner())}
      />
    </DialogBox>
  );
}

const buttonText = '[ Create ]';
const fitButton = (text: string): string => text.padEnd(cellWidth(buttonText)).slice(0, buttonText.length);
