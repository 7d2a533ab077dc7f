import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { originOf } from './origin.ts';

test('a build is told its commit and when that was made, never the time of the build', () => {
  using dir = tempDir('origin');
  expect(originOf(dir.path, {})).toEqual({ commit: null, date: null, seconds: 0 });
  const env = { ...process.env, GIT_COMMITTER_DATE: '2026-02-03T04:05:06+01:00', GIT_AUTHOR_DATE: '2020-01-01T00:00:00Z' };
  const git = (...argv: string[]) => execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...argv], { cwd: dir.path, env, encoding: 'utf8' });
  git('init', '-q');
  writeFileSync(dir.join('file'), 'one');
  git('add', '.');
  git('commit', '-qm', 'one');
  git('tag', '-am', 'one', 'v1');
  const commit = git('rev-parse', 'HEAD').trim();
  expect(originOf(dir.path, {})).toEqual({ commit, date: '2026-02-03T03:05:06Z', seconds: 1_770_087_906 });
  writeFileSync(dir.join('file'), 'two');
  expect(originOf(dir.path, { SOURCE_DATE_EPOCH: '0' })).toEqual({ commit: `${commit}-dirty`, date: '1970-01-01T00:00:00Z', seconds: 0 });
  for (const wrong of ['soon', '-1', '', '1e3', '253402300800'])
    expect(() => originOf(dir.path, { SOURCE_DATE_EPOCH: wrong })).toThrow('must be seconds since 1970');
});
