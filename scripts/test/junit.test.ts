import { expect, test } from 'bun:test';
import { countJunit, runnerFailure } from './junit.ts';

const xml = `<?xml version="1.0"?><testsuites name="bun test" tests="4">
<testsuite name="a.test.ts" file="a.test.ts" tests="4">
  <testcase name="holds" classname="" time="0.1" file="a.test.ts" assertions="1" />
  <testcase name="&lt;breaks&gt;" classname="" time="0.1" file="a.test.ts"><failure type="AssertionError" /></testcase>
  <testcase name="needs a thing" classname="" time="0" file="a.test.ts"><skipped /></testcase>
  <testcase name="holds too" classname="" time="0.1" file="a.test.ts"></testcase>
</testsuite></testsuites>`;

test('counts what passed, failed and was skipped', () => {
  expect(countJunit(xml)).toEqual({ passed: 2, failed: 1, skipped: ['a.test.ts: needs a thing'] });
});

test('a runner that died counts as one failure', () => {
  expect(countJunit(runnerFailure('host'))).toEqual({ passed: 0, failed: 1, skipped: [] });
});
