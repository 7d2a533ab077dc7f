import { expect, type test } from 'bun:test';
import type { ManagedNetwork, ManagedNetworks } from '@mvirt/network';
import { waitFor } from '../wait-for.ts';

export type ManagedBench = AsyncDisposable & {
  managed: ManagedNetworks;
  /** Somebody removes the network's bridge. */
  lose(name: string): Promise<void>;
  /** Somebody kills the network's server. */
  endServer(name: string): Promise<void>;
};

export const labNetwork: ManagedNetwork = { name: 'lab', ipv4: '10.9.0.0/24', ipv6: 'fd12:3456:789a::/64', spoofGuard: true, hosts: [], ports: [] };

/** What every adapter of managed networks keeps, the real one and the fake. missing: why it cannot be run here. */
export function managedContract(label: string, open: () => Promise<ManagedBench>, bunTest: typeof test, missing: string | null = null): void {
  const it = (name: string, body: (bench: ManagedBench) => Promise<void>): void => {
    bunTest.skipIf(missing !== null)(`${label}: ${name}`, async () => {
      await using bench = await open();
      await body(bench);
      await bench.managed.remove(labNetwork, {});
    });
  };

  it('a plan changes nothing, and what is done is what was planned', async ({ managed }) => {
    const planned = await managed.plan(labNetwork, {});
    expect(planned.length).toBeGreaterThan(0);
    for (const step of planned) expect([step.argv.length > 0, step.why.length > 0]).toEqual([true, true]);
    expect([managed.left(), managed.server('lab')]).toEqual([[], null]);
    expect(await managed.ensure(labNetwork, {})).toEqual(planned);
    expect(managed.server('lab')).toBeGreaterThan(1);
  });

  it('what is there is not made again; removal takes all of it, and nothing twice', async ({ managed }) => {
    await managed.ensure(labNetwork, {});
    const pid = managed.server('lab');
    expect(await managed.plan(labNetwork, {})).toEqual([]);
    expect(await managed.ensure(labNetwork, {})).toEqual([]);
    expect([managed.server('lab'), managed.left()]).toEqual([pid, ['lab']]);
    const planned = await managed.planRemoval(labNetwork, {});
    expect(managed.left()).toEqual(['lab']);
    expect(await managed.remove(labNetwork, {})).toEqual(planned);
    expect([managed.server('lab'), managed.left(), managed.leases('lab')]).toEqual([null, [], []]);
    expect(await managed.remove(labNetwork, {})).toEqual([]);
  });

  it('a NIC that the server does not know costs its restart and nothing else', async ({ managed }) => {
    await managed.ensure(labNetwork, {});
    const pid = managed.server('lab');
    const more = { ...labNetwork, hosts: [{ mac: '52:54:00:00:00:01', ipv4: '10.9.0.7', ipv6: 'fd12:3456:789a::7', name: 'web' }] };
    const done = await managed.ensure(more, {});
    expect(done.map(({ why }) => why).join()).not.toContain('making');
    expect(managed.server('lab')).not.toBe(pid);
    expect(await managed.ensure(more, {})).toEqual([]);
  });

  it('a server that was killed is told of, and started again', async ({ managed, endServer }) => {
    await managed.ensure(labNetwork, {});
    const told: string[] = [];
    {
      using _watch = managed.watch('lab', (what) => told.push(what));
      await endServer('lab');
      await waitFor('the end to be told', () => told.includes('server'));
    }
    expect(managed.server('lab')).toBeNull();
    const done = await managed.ensure(labNetwork, {});
    expect(done.at(-1)?.why).toBe('starting the server of the network lab');
    expect(managed.server('lab')).toBeGreaterThan(1);
  });

  it('a bridge that was deleted is made again', async ({ managed, lose }) => {
    await managed.ensure(labNetwork, {});
    await lose('lab');
    expect((await managed.ensure(labNetwork, {})).map(({ why }) => why)).toContain('making the bridge mv-lab');
    expect(await managed.ensure(labNetwork, {})).toEqual([]);
  });

  it('networks made at once do not meet', async ({ managed }) => {
    const others = [1, 2, 3].map((n) => ({ ...labNetwork, name: `lab${n}`, ipv4: `10.9.${n}.0/24`, ipv6: `fd12:3456:789a:${n}::/64` }));
    await Promise.all(others.map((network) => managed.ensure(network, {})));
    expect(new Set(others.map(({ name }) => managed.server(name))).size).toBe(3);
    expect(managed.left().sort()).toEqual(['lab1', 'lab2', 'lab3']);
    await Promise.all(others.map((network) => managed.remove(network, {})));
    expect(managed.left()).toEqual([]);
  });

  it('a caller who has gone changes nothing', async ({ managed }) => {
    await expect(managed.ensure(labNetwork, { signal: AbortSignal.abort() })).rejects.toThrow();
    expect([managed.left(), managed.server('lab')]).toEqual([[], null]);
  });
}
