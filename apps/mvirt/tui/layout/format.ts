const gib = 1024 ** 3;
const mib = 1024 ** 2;
const kib = 1024;

/** Such as 4K, 512M or 1.5G, at most 5 cells below a terabyte. */
export function shortBytes(bytes: number): string {
  if (bytes < mib) return bytes === 0 ? '0' : `${Math.ceil(bytes / kib)}K`;
  if (bytes < gib) return `${Math.round(bytes / mib)}M`;
  const value = bytes / gib;
  return value < 10 ? `${value.toFixed(1)}G` : `${Math.round(value)}G`;
}

export const inGib = (bytes: number): string => (bytes / gib).toFixed(1);

/** Hours, minutes and seconds of a time in RFC 3339, in the viewer's zone; spaces where there is none. */
export function clockTime(at: string | null): string {
  if (at === null) return '        ';
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return '        ';
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map((part) => String(part).padStart(2, '0')).join(':');
}

/** The words of a command line, each quoted for a shell where it must be. */
export function shellLine(words: string[]): string {
  return words.map((word) => (/^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`)).join(' ');
}

/** What is under way, and for how long. */
export const withSeconds = (text: string, seconds: number): string => (seconds === 0 ? text : `${text} ${seconds} s`);
