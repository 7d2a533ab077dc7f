export type Failure = { test: string; message: string };
export type Counts = { passed: number; failed: Failure[]; skipped: string[] };

/** Counts the test cases of a JUnit file as Bun writes it. A test is named as `file: name`. */
export function countJunit(xml: string): Counts {
  const counts: Counts = { passed: 0, failed: [], skipped: [] };
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [, attributes = '', , body = ''] = match;
    const test = `${attribute(attributes, 'file') ?? '?'}: ${attribute(attributes, 'name') ?? '?'}`;
    const [, broken] = /<(?:failure|error)\b([^>]*)>/.exec(body) ?? [];
    if (broken !== undefined) counts.failed.push({ test, message: attribute(broken, 'message') ?? '' });
    else if (/<skipped\b/.test(body)) counts.skipped.push(test);
    else counts.passed += 1;
  }
  return counts;
}

/** A JUnit file of one failure: the package's test runner ended without naming one, or had to clean up. */
export const runnerFailure = (name: string, message: string): string =>
  `<testsuites><testsuite name="${name}"><testcase name="the test runner of ${name}" file="${name}"><error message="${escaped(message)}" /></testcase></testsuite></testsuites>\n`;

const entities: readonly (readonly [plain: string, entity: string])[] = [
  ['&', '&amp;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['\n', '&#10;'],
];

const escaped = (text: string): string => entities.reduce((so, [plain, entity]) => so.replaceAll(plain, entity), text);

function attribute(attributes: string, name: string): string | null {
  const text = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1];
  return text === undefined ? null : entities.toReversed().reduce((so, [plain, entity]) => so.replaceAll(entity, plain), text);
}
