/** The words of a command line as a shell splits it: quotes and backslashes, nothing else. null: a quote is not closed. */
export function splitLine(line: string): string[] | null {
  const words: string[] = [];
  let word: string | null = null;
  let quote: string | null = null;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (quote === null && /\s/.test(character)) {
      if (word !== null) words.push(word);
      word = null;
    } else if (character === quote) quote = null;
    else if (quote === null && (character === "'" || character === '"')) [quote, word] = [character, word ?? ''];
    else if (character === '\\' && quote !== "'" && at + 1 < line.length) word = (word ?? '') + (line[++at] ?? '');
    else word = (word ?? '') + character;
  }
  if (quote !== null) return null;
  return word === null ? words : [...words, word];
}
