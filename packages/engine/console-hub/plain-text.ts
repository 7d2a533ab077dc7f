/** CSI, OSC/DCS strings and two-character escapes (ECMA-48); an unfinished one at the end goes as well. */
const escapes = /\x1b(?:\[[0-?]*[ -/]*(?:[@-~]|$)|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\|$)|[ -/]*(?:[0-~]|$))/g;
const controls = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/g;

/** A terminal's output as lines for people: no escape sequence, no control character but line ends and tabs. */
export function plainText(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes).replace(escapes, '').replace(/\r+\n/g, '\n').replace(/\r/g, '\n').replace(controls, '');
}
