import { expect } from 'bun:test';
import type { Cases, Launched, Stage } from './contract.ts';

type Plug = { device: string; attach(): Promise<void>; detach(): Promise<'removed' | 'pending'>; attached: string; missing: string };

export const diskCases: Cases = (stage, test) => {
  test('a disk is plugged in and out of a running guest, and block figures follow', async () => {
    const cold = stage.room().disk('cold');
    const launched = await stage.launch({ disks: [cold] });
    const { vmm } = launched;
    const hot = stage.room().disk('hot');
    await launched.guest.up(1);
    const paths = async () => (await vmm.blockStats({})).map((stats) => stats.path).sort();
    expect(await paths()).toEqual([cold.path]);

    await plugsInAndOut(stage, launched, {
      device: hot.path,
      attach: () => vmm.attachDisk(hot, {}),
      detach: () => vmm.detachDisk(hot.path, {}),
      attached: 'DISK_ATTACHED',
      missing: 'DISK_NOT_FOUND',
    });
    expect(await paths()).toEqual([cold.path, hot.path].sort());
    await expect(vmm.detachDisk('/no/such/disk', {})).rejects.toMatchObject({ code: 'DISK_NOT_FOUND' });
  });

  test('a disk that the VM was launched with can be taken away as well', async () => {
    const cold = stage.room().disk('cold');
    const { vmm, facts, guest } = await stage.launch({ disks: [cold] });
    await guest.up(1);
    const removal = await vmm.detachDisk(cold.path, {});
    expect(removal).toBe(stage.bench.guest.ejects ? 'removed' : 'pending');
    if (removal === 'pending') await vmm.reset({});
    expect((await facts.until('device-removed', stage.bench.guestMs)).device).toBe(cold.path);
    expect(await vmm.blockStats({})).toEqual([]);
  });

  test('what is plugged in is known right after a reset too, before the guest has looked for it', async () => {
    const [cold, hot] = [stage.room().disk('cold'), stage.room().disk('hot')];
    const { vmm, guest } = await stage.launch({ disks: [cold] });
    await guest.up(1);
    await vmm.reset({});
    await expect(vmm.attachDisk(cold, {})).rejects.toMatchObject({ code: 'DISK_ATTACHED' });
    await vmm.attachDisk(hot, {});
    expect((await vmm.blockStats({})).map(({ path }) => path).sort()).toEqual([cold.path, hot.path].sort());
    await vmm.reset({});
    // A guest that boots may take its time to let go.
    expect(['removed', 'pending']).toContain(await vmm.detachDisk(cold.path, {}));
  });
};

export const nicCases: Cases = (stage, test) => {
  test('a NIC is plugged in and out of a running guest', async () => {
    const nic = stage.room().nic(0);
    const launched = await stage.launch();
    const { vmm } = launched;
    await launched.guest.up(1);
    await plugsInAndOut(stage, launched, {
      device: nic.mac,
      attach: () => vmm.attachNic(nic, {}),
      detach: () => vmm.detachNic(nic.mac, {}),
      attached: 'NIC_ATTACHED',
      missing: 'NIC_NOT_FOUND',
    });
  });
};

/** Leaves the device attached. */
async function plugsInAndOut({ bench }: Stage, { vmm, facts, guest }: Launched, plug: Plug): Promise<void> {
  await expect(plug.detach()).rejects.toMatchObject({ code: plug.missing });
  await plug.attach();
  if (bench.guest.seesHotplug) await guest.sawPlugged(1);
  await expect(plug.attach()).rejects.toMatchObject({ code: plug.attached });

  if (bench.guest.ejects) {
    expect(await plug.detach()).toBe('removed');
    await facts.until('device-removed');
  } else {
    expect(await plug.detach()).toBe('pending');
    expect(await plug.detach()).toBe('pending');
    expect(facts.count('device-removed')).toBe(0);
    await expect(plug.attach()).rejects.toMatchObject({ code: plug.attached });
    await vmm.reset({});
    await facts.until('device-removed', bench.guestMs);
    await guest.up(2);
  }
  expect(facts.facts.filter((fact) => fact.kind === 'device-removed')).toEqual([{ kind: 'device-removed', device: plug.device }]);
  await expect(plug.detach()).rejects.toMatchObject({ code: plug.missing });
  await plug.attach();
  if (bench.guest.seesHotplug) await guest.sawPlugged(2);
}
