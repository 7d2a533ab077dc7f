import { expect, test } from 'bun:test';
import { countJunit, runnerFailure } from './junit.ts';

const xml = `<?xml version="1.0"?><testsuites name="bun test" tests="4">
<testsuite name="a.test.ts" file="a.test.ts" tests="4">
  <testcase name="holds" classname="" time="0.1" file="a.test.ts" assertions="1" />
  <testcase name="&lt;breaks&gt;" classname="" time="0.1" file="a.test.ts"><failure type="AssertionError" message="expected &quot;a&quot;&#10;got &amp;lt;">text</failure></testcase>
  <testcase name="is late" classname="" time="0.1" file="a.test.ts"><failure type="TimeoutError" /></testcase>
  <testcase name="needs a thing" classname="" time="0" file="a.test.ts"><skipped message="TODO" /></testcase>
  <testcase name="holds too" classname="" time="0.1" file="a.test.ts"></testcase>
</testsuite></testsuites>`;

test('counts what passed, and names what failed and was skipped', () => {
  expect(countJunit(xml)).toEqual({
    passed: 2,
    failed: [
      { test: 'a.test.ts: <breaks>', message: 'expected "a"\ngot &lt;' },
      { test: 'a.test.ts: is late', message: '' },
    ],
    skipped: ['a.test.ts: needs a thing'],
  });
});

test('a runner that died counts as one failure, with its words', () => {
  const left = 'left: sh -c "a > b & c\'s"\nand <d>';
  expect(countJunit(runnerFailure('host', left))).toEqual({
    passed: 0,
    failed: [{ test: 'host: the test runner of host', message: left }],
    skipped: [],
  });
});
