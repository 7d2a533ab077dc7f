import { expect, test } from 'bun:test';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { createPrograms } from '../../packages/host/linux/programs.ts';
import type { AgentLog } from './logger.ts';
import { notifyReady } from './notify.ts';

test('systemd is told where it has asked for it, and an agent that cannot tell it goes on', async () => {
  using dir = tempDir('notify');
  const program = dir.join('systemd-notify');
  const warnings: string[] = [];
  const nothing = () => {};
  const log: AgentLog = { debug: nothing, info: nothing, error: nothing, warn: (message) => void warnings.push(message) };
  const notify = (env: Record<string, string>) => notifyReady(createPrograms(dir.path), env, log);
  writeFileSync(program, `#!/bin/sh\necho "$@" >>'${dir.join('told')}'\n`);
  chmodSync(program, 0o755);
  await notify({});
  await notify({ NOTIFY_SOCKET: '/run/systemd/notify' });
  expect([readFileSync(dir.join('told'), 'utf8'), warnings]).toEqual(['--ready\n', []]);
  writeFileSync(program, '#!/bin/sh\necho no such socket >&2; exit 1\n');
  await notify({ NOTIFY_SOCKET: '/run/systemd/notify' });
  expect(warnings).toEqual([expect.stringContaining('systemd could not be told that the agent is ready: ')]);
});
