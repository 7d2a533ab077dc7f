import { expect, test } from 'bun:test';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { doctorReportSchema } from '@mvirt/api/schema';
import { startAgent } from '@mvirt/testkit/agent-process';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { runDoctor } from './run-doctor.ts';

test('works without an agent, changes nothing, and sees one that is there', async () => {
  using dir = tempDir();
  // A temp folder of its own, so that what is left there is ours.
  const { TMPDIR } = process.env;
  mkdirSync(dir.join('tmp'));
  process.env.TMPDIR = dir.join('tmp');
  const where = { dataDir: dir.join('data'), socket: dir.join('agent.sock') };
  const find = async (id: string) => {
    const report = await runDoctor(where);
    expect(doctorReportSchema.parse(report)).toEqual(report);
    expect(new Set(report.checks.map((check) => check.id)).size).toBe(report.checks.length);
    return report.checks.find((check) => check.id === id);
  };
  expect(await find('socket')).toMatchObject({ status: 'warning', hint: 'start it with: mvirt agent' });
  expect(existsSync(where.dataDir)).toBe(false);
  await using agent = await startAgent(dir);
  expect(await find('socket')).toMatchObject({ status: 'ok', detail: `answers on ${where.socket}` });
  expect((await find('data-dir.state'))?.detail).toContain(`process ${agent.pid}`);
  expect(await agent.end('SIGKILL')).toBe('SIGKILL');
  expect(await find('socket')).toMatchObject({ status: 'warning', detail: expect.stringContaining('has died') });
  if (TMPDIR === undefined) delete process.env.TMPDIR;
  else process.env.TMPDIR = TMPDIR;
  expect(readdirSync(dir.join('tmp')).filter((name) => name.startsWith('mvirt-doctor-'))).toEqual([]);
}, 60_000);
