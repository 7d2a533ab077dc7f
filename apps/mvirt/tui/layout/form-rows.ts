import { plainText, wrap } from './text.ts';

export type FormRows = {
  /** Rows of the fields, of the buttons, and of texts under them; counted from the top of the form. */
  fields: readonly number[];
  errors: readonly { row: number; text: string }[];
  buttons: number;
  message: readonly { row: number; text: string }[];
  line: readonly { row: number; text: string }[];
  height: number;
};

const lineRows = 3;

/** Where everything in a form stands: each error under its field, then the buttons, what the form as a whole is refused for, and its `mvirt …` line. */
export function formRows(options: {
  fields: readonly string[];
  errors: Readonly<Record<string, string>>;
  line: string;
  fieldWidth: number;
  width: number;
}): FormRows {
  const { fields, errors, line, fieldWidth, width } = options;
  const places: number[] = [];
  const told: { row: number; text: string }[] = [];
  let row = 0;
  const put = (list: { row: number; text: string }[], texts: readonly string[]): void => {
    for (const text of texts) list.push({ row: row++, text });
  };
  for (const field of fields) {
    places.push(row++);
    const error = errors[field];
    if (error !== undefined) put(told, wrap(`× ${plainText(error)}`, fieldWidth));
  }
  row += 1;
  const buttons = row;
  row += 2;
  const message: { row: number; text: string }[] = [];
  if (errors.form !== undefined) put(message, wrap(`× ${plainText(errors.form)}`, width - 2));
  const lines: { row: number; text: string }[] = [];
  const wrapped = wrap(`$ ${plainText(line)}`, width - 2);
  put(lines, wrapped.length <= lineRows ? wrapped : [...wrapped.slice(0, lineRows - 1), `${wrapped[lineRows - 1] ?? ''} …`]);
  return { fields: places, errors: told, buttons, message, line: lines, height: row };
}
