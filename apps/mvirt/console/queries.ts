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

/** History without the questions in it. One that is cut in two at a chunk's end is left: rare, and its answer harmless. */
export function withoutQueries(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes).toString('latin1');
  return Buffer.from(text.replace(queries, ''), 'latin1');
}
