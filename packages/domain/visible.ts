/** C0 and C1 controls, line separators, and the marks that turn the direction of text: none of them can be seen. */
export const control = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const shownCharacters = 80;

/** A client's own text, fit for a message: short, and without anything that a terminal would obey. */
export function visible(text: string): string {
  const short = text.length > shownCharacters ? `${text.slice(0, shownCharacters)}…` : text;
  return [...short].map((character) => (control.test(character) ? `\\u{${character.charCodeAt(0).toString(16)}}` : character)).join('');
}
