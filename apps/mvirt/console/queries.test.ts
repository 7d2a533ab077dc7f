import { expect, test } from 'bun:test';
import { createHistoryFilter } from './queries.ts';

function shown(...chunks: string[]): string {
  const filter = createHistoryFilter();
  const parts = [...chunks.map((chunk) => filter.next(Buffer.from(chunk, 'latin1'))), filter.rest()];
  return Buffer.concat(parts).toString('latin1');
}

const questions = {
  'where the cursor is': '\x1b[6n',
  'the same, DEC': '\x1b[?6n',
  status: '\x1b[5n',
  'what it is': '\x1b[c',
  'what it is, with a number': '\x1b[0c',
  'what it is, secondary': '\x1b[>c',
  'what it is, tertiary': '\x1b[=c',
  'what it is, the old way': '\x1bZ',
  'a mode': '\x1b[?2026$p',
  'its version': '\x1b[>0q',
  'its parameters': '\x1b[x',
  'its size': '\x1b[18t',
  'its keyboard': '\x1b[?u',
  'its background': '\x1b]11;?\x07',
  'its background, ended otherwise': '\x1b]11;?\x1b\\',
  'a colour': '\x1b]4;1;?\x07',
  'a capability': '\x1bP+q544e\x1b\\',
  'a setting': '\x1bP$qm\x1b\\',
  'its answerback': '\x05',
};

test.each(Object.entries(questions))('history asks the terminal nothing: %s', (_, question) => {
  const text = `before${question}after`;
  expect(shown(text)).toBe('beforeafter');
  for (let cut = 0; cut <= text.length; cut++) expect(shown(text.slice(0, cut), text.slice(cut))).toBe('beforeafter');
  expect(shown(...text)).toBe('beforeafter');
});

test.each([
  'plain\r\n',
  '\x1b[1;31mred\x1b[0m',
  '\x1b[2J\x1b[H',
  '\x1b[?25l\x1b[?1049h',
  '\x1b]0;a title\x07',
  '\x1b(B',
  '\xff\xfe\x00',
  '\x1b[10;20r',
  '\x1b',
  '\x1b[',
  '\x1bP',
])('what is no question is shown: %j', (text) => {
  expect(shown(text)).toBe(text);
  expect(shown(...text)).toBe(text);
  for (let cut = 0; cut <= text.length; cut++) expect(shown(text.slice(0, cut), `${text.slice(cut)}after`)).toBe(`${text}after`);
});

test('little is held back, and never for ever', () => {
  const filter = createHistoryFilter();
  expect(filter.next(Buffer.from('text\x1b[6')).length).toBe(4);
  const endless = Buffer.from(`\x1bP+q${'a'.repeat(10_000)}`);
  expect(createHistoryFilter().next(endless).length).toBe(endless.length);
});
