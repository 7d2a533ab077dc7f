import { expect } from 'bun:test';
import type { ProcessIdentity } from '@mvirt/domain';
import { waitFor } from '../wait-for.ts';
import type { Cases } from './contract.ts';

export const failureCases: Cases = (stage, test) => {
  const { bench } = stage;

  test('what cannot be run here is refused by the name of its field, and nothing is spawned', async () => {
    const { request } = stage.room();
    const refused: [Parameters<typeof request>[0], string, RegExp][] = [
      [{ change: { nics: [{ tap: null, mac: null, vhostSocket: '/run/vhost.sock', network: null }] } }, 'UNSUPPORTED', /vhost_socket/],
      [{ change: { kernel: '/no/such/kernel' } }, 'FILE_NOT_FOUND', /\/no\/such\/kernel/],
      [{ change: { disks: [{ path: '/no/such/disk', readonly: false, format: 'raw' }] } }, 'FILE_NOT_FOUND', /\/no\/such\/disk/],
    ];
    for (const [parts, code, words] of refused) {
      const bad = request(parts);
      expect(() => stage.driver().check(bad.spec)).toThrow(words);
      await expect(stage.driver().launch({ ...bad, onSpawned: stage.spawned.push.bind(stage.spawned) }, never())).rejects.toMatchObject({ code });
    }
    expect(stage.spawned).toEqual([]);
  });

  test("a launch that fails says why in the hypervisor's own words and leaves nothing", async () => {
    const { disk, words } = stage.room().brokenDisk();
    await expect(stage.launch({ disks: [disk] })).rejects.toThrow(words);
    await allGone();
    expect(stage.room().leftovers()).toEqual([]);
    const { vmm } = await stage.launch();
    expect(await vmm.status({})).toBe('running');
  });

  test('a launch that is given up, at once or in the middle, leaves nothing', async () => {
    const request = stage.room().request();
    const record = (process: ProcessIdentity) => void stage.spawned.push(process);
    const early = stage.driver().launch({ ...request, onSpawned: record }, { signal: AbortSignal.abort(new Error('given up')) });
    await expect(early).rejects.toThrow();
    expect(stage.spawned).toEqual([]);

    const middle = new AbortController();
    const onSpawned = (process: ProcessIdentity) => {
      record(process);
      middle.abort(new Error('given up'));
    };
    await expect(stage.driver().launch({ ...request, onSpawned }, { signal: middle.signal })).rejects.toThrow();
    expect(stage.spawned).toHaveLength(1);
    await allGone();
    expect(stage.room().leftovers()).toEqual([]);
  });

  const never = () => ({ signal: AbortSignal.timeout(60_000) });
  const allGone = () =>
    waitFor('every VMM to be gone', () => stage.spawned.every((process) => !stage.room().processes.isAlive(process)), { timeoutMs: bench.guestMs });
};
