/** How well `needle`'s letters stand in `text`, in order; null: they do not. Smaller is better: words' beginnings and neighbours count most. */
function fuzzyScore(needle: string, text: string): number | null {
  const wanted = needle.toLowerCase().replaceAll(' ', '');
  const found = text.toLowerCase();
  // Taking words' beginnings first may pass a place by that a later letter needs: then each letter takes the next place.
  const score = scoreBy(wanted, found, wordNext) ?? scoreBy(wanted, found, plainNext);
  return score === null ? null : score + found.length / 100;
}

type Next = (text: string, letter: string, after: number) => number;

function scoreBy(wanted: string, text: string, next: Next): number | null {
  let at = -1;
  let score = 0;
  for (const letter of wanted) {
    const place = next(text, letter, at);
    if (place < 0) return null;
    if (place !== at + 1) score += beginsWord(text, place) ? 2 : 4 + (place - at);
    at = place;
  }
  return score;
}

const beginsWord = (text: string, at: number): boolean => at === 0 || !/[a-z0-9]/.test(text[at - 1] ?? '');

const plainNext: Next = (text, letter, after) => text.indexOf(letter, after + 1);

/** The neighbour, else the next word that begins with the letter, else the next place of it. */
const wordNext: Next = (text, letter, after) => {
  if (text[after + 1] === letter) return after + 1;
  for (let at = after + 1; at < text.length; at += 1) if (text[at] === letter && beginsWord(text, at)) return at;
  return plainNext(text, letter, after);
};

/** Those that fit, the best first; all of them, as they are, where nothing is asked for. */
export function fuzzyFilter<T>(needle: string, items: readonly T[], textOf: (item: T) => string): T[] {
  if (needle.trim() === '') return [...items];
  return items
    .map((item) => ({ item, score: fuzzyScore(needle, textOf(item)) }))
    .flatMap(({ item, score }) => (score === null ? [] : [{ item, score }]))
    .sort((a, b) => a.score - b.score)
    .map(({ item }) => item);
}
