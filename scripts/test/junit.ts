export type Counts = { passed: number; failed: number; skipped: string[] };

/** Counts the test cases of a JUnit file as Bun writes it. */
export function countJunit(xml: string): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: [] };
  for (const match of xml.matchAll(/<testcase\b([^>]*?)(\/>|>([\s\S]*?)<\/testcase>)/g)) {
    const [, attributes = '', , body = ''] = match;
    if (/<(failure|error)\b/.test(body)) counts.failed += 1;
    else if (/<skipped\b/.test(body)) counts.skipped.push(`${attribute(attributes, 'file')}: ${attribute(attributes, 'name')}`);
    else counts.passed += 1;
  }
  return counts;
}

/** A JUnit file of one failure: the package's test runner ended without naming one. */
export const runnerFailure = (name: string): string =>
  `<testsuites><testsuite name="${name}"><testcase name="the test runner of ${name}" file="${name}"><error /></testcase></testsuite></testsuites>\n`;

const attribute = (attributes: string, name: string): string =>
  (new RegExp(`\\b${name}="([^"]*)"`).exec(attributes)?.[1] ?? '?')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
