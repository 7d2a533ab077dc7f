import { expect, test } from 'bun:test';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { checked, runCaptured } from '../../cli/testing/open-cli.ts';

test('doctor needs no agent, and says the same to people and scripts', async () => {
  using dir = tempDir('doctor');
  const argv = ['doctor', '--data-dir', dir.join('data'), '--socket', dir.join('agent.sock')];
  const json = await runCaptured([...argv, '--json'], dir.path);
  const { ok, checks } = checked('doctor', JSON.parse(json.stdout)) as { ok: boolean; checks: { title: string; status: string }[] };
  expect([json.status, json.stderr]).toEqual([ok ? 0 : 1, '']);
  expect(checks.some(({ status }) => status === 'problem')).toBe(!ok);
  const human = await runCaptured(argv, dir.path);
  expect([human.status, human.stderr]).toEqual([json.status, '']);
  for (const { title, status } of checks) expect(human.stdout).toContain(`${status.padEnd(8)} ${title}\n`);
});
