/** Text as roff takes it literally: no control line, no escape (man 7 groff_man_style). */
export function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('`', '')
    .replaceAll("'", '\\(aq')
    .replaceAll('"', '\\(dq')
    .replaceAll('^', '\\(ha')
    .replaceAll('~', '\\(ti')
    .replaceAll(/[^\x00-\x7f]/gu, (letter) => `\\[u${letter.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}]`)
    .replaceAll(/^\./gm, '\\&.');
}

export type Page = { name: string; section: number; text: string };

export type PageHead = { name: string; section: number; summary: string; version: string; seconds: number };

/** A page from its parts; each is a heading and roff lines. */
export function page({ name, section, summary, version, seconds }: PageHead, parts: [heading: string, lines: string[]][]): Page {
  const date = new Date(seconds * 1000).toISOString().slice(0, 10);
  const head = [`.TH ${roff(name.toUpperCase())} ${section} ${date} "mvirt ${roff(version)}" "mvirt"`, '.SH NAME', `${roff(name)} \\- ${roff(summary)}`];
  const body = parts.filter(([, lines]) => lines.length > 0).flatMap(([heading, lines]) => [`.SH ${heading}`, ...lines]);
  return { name, section, text: `${[...head, ...body].join('\n')}\n` };
}

/** A term with what it means below it. */
export const entry = (term: string, meaning: string): string[] => ['.TP', term, roff(meaning)];

export const bold = (text: string): string => `\\fB${roff(text)}\\fR`;
export const italic = (text: string): string => `\\fI${roff(text)}\\fR`;

export const examples = (lines: readonly string[]): string[] => lines.flatMap((line) => ['.PP', '.EX', `    ${roff(line)}`, '.EE']);
