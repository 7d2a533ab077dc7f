import { expect, test } from 'bun:test';
import { hypervisorContract } from '@mvirt/testkit/hypervisor/contract';
import { insideNetNamespace, mayMakeNetNamespace, rerunInNetNamespace } from '@mvirt/testkit/hypervisor/net-rerun';
import { qemuLinuxBench } from '@mvirt/testkit/hypervisor/qemu-bench';
import { linuxGuest } from '@mvirt/testkit/linux-guest';

const { guest, missing } = await linuxGuest();
hypervisorContract(qemuLinuxBench(guest, missing), test);

if (!insideNetNamespace) {
  test.skipIf(!mayMakeNetNamespace || missing !== null)(
    'the NIC cases, in a network namespace',
    async () => {
      const { status, output } = await rerunInNetNamespace(import.meta.path, 'a NIC is plugged', 120_000);
      if (status !== 0) console.log(output);
      expect(status).toBe(0);
      expect(output).toMatch(/\n 1 pass\n/);
    },
    130_000,
  );
}
