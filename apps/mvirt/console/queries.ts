// History may hold questions that a guest's program asked of its terminal back then (where is the cursor, what are
// you, which colours). Shown again, this terminal would answer, and the answer would be typed into the guest.

const esc = '\u001b';
const queries = new RegExp(
  [
    `${esc}\\[[?>=]?[0-9;]*[cn]`, // device attributes, status and cursor position
    `${esc}\\[[?>]?[0-9;]*\\$p`, // mode
    `${esc}\\[>[0-9;]*q`, // version
    `${esc}\\[[0-9;]*[xt]`, // parameters, window
    `${esc}\\[\\?[0-9;]*u`, // keyboard
    `${esc}\\][0-9;]*;\\?(?:\\u0007|${esc}\\\\)`, // colours
    `${esc}P(?:\\+|\\$)q[^${esc}]*${esc}\\\\`, // capabilities and settings
    `${esc}Z`,
    '\\u0005',
  ].join('|'),
  'g',
);

/** The beginning of one of them at a chunk's end. */
const beginning = new RegExp(`${esc}(?:\\[[?>=]?[0-9;]*\\$?|\\][0-9;]*;?\\??${esc}?|P(?:[+$](?:q[^${esc}]*${esc}?)?)?)?$`);

/** A question longer than this is let through where a chunk's end cuts it. */
const maxHeld = 4096;

export type HistoryFilter = {
  /** What can be shown of it: without the questions, and without one that is yet cut off at its end. */
  next(bytes: Uint8Array): Uint8Array;
  /** What was held back, once the history is over. */
  rest(): Uint8Array;
};

/** Takes the questions out of a console's history. */
export function createHistoryFilter(): HistoryFilter {
  let held = '';
  return {
    next(bytes) {
      const text = (held + Buffer.from(bytes).toString('latin1')).replace(queries, '');
      const cut = beginning.exec(text)?.[0] ?? '';
      held = cut.length > maxHeld ? '' : cut;
      return Buffer.from(text.slice(0, text.length - held.length), 'latin1');
    },
    rest() {
      const last = held;
      held = '';
      return Buffer.from(last, 'latin1');
    },
  };
}
