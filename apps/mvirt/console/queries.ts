// A guest's program asks its terminal things (where is the cursor, what are you, which colours), and what answers is typed
// into the guest. So a question may be answered once, by one terminal, and never when it is only shown again.

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

/** A stretch of output. question: it is nothing but one question, as text of one character a byte. */
export type OutputPiece = { bytes: Uint8Array; question: string | null };

export type QuestionFinder = {
  /** The chunk and what was held back before it, without what may be the beginning of a question at its end. */
  next(bytes: Uint8Array): OutputPiece[];
  heldBytes(): number;
  /** What is held back; it is held no longer. */
  rest(): Uint8Array;
};

/** Finds the questions in a console's output, wherever chunks cut it. */
export function createQuestionFinder(): QuestionFinder {
  let held = '';
  return {
    next(bytes) {
      // Most chunks of a flood have no escape at all.
      if (held === '' && bytes.indexOf(27) < 0 && bytes.indexOf(5) < 0) return bytes.length === 0 ? [] : [{ bytes, question: null }];
      const text = held + Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
      const pieces: OutputPiece[] = [];
      const push = (part: string, question: string | null) => {
        if (part !== '') pieces.push({ bytes: Buffer.from(part, 'latin1'), question });
      };
      let at = 0;
      for (const found of text.matchAll(queries)) {
        push(text.slice(at, found.index), null);
        push(found[0], found[0]);
        at = found.index + found[0].length;
      }
      const cut = beginning.exec(text.slice(at))?.[0] ?? '';
      held = cut.length > maxHeld ? '' : cut;
      push(text.slice(at, text.length - held.length), null);
      return pieces;
    },
    heldBytes: () => held.length,
    rest() {
      const last = held;
      held = '';
      return Buffer.from(last, 'latin1');
    },
  };
}

export type HistoryFilter = {
  /** What can be shown of it: without the questions, and without one that is yet cut off at its end. */
  next(bytes: Uint8Array): Uint8Array;
  /** What was held back, once the history is over. */
  rest(): Uint8Array;
};

/** Takes the questions out of a console's history. */
export function createHistoryFilter(): HistoryFilter {
  const finder = createQuestionFinder();
  return {
    next: (bytes) => Buffer.concat(finder.next(bytes).flatMap((piece) => (piece.question === null ? [piece.bytes] : []))),
    rest: finder.rest,
  };
}
