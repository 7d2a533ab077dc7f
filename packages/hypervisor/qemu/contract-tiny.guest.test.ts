import { expect, test } from 'bun:test';
import { hypervisorContract } from '@mvirt/testkit/hypervisor/contract';
import { insideNetNamespace, mayMakeNetNamespace, rerunInNetNamespace } from '@mvirt/testkit/hypervisor/net-rerun';
import { qemuTinyBench } from '@mvirt/testkit/hypervisor/qemu-bench';

hypervisorContract(qemuTinyBench('QEMU, the bare-metal guest', ''), test);
hypervisorContract(qemuTinyBench('QEMU, the bare-metal guest, deaf and keeping what it has', 'deaf keep'), test);

if (!insideNetNamespace) {
  test.skipIf(!mayMakeNetNamespace)(
    'the NIC cases, in a network namespace',
    async () => {
      const { status, output } = await rerunInNetNamespace(import.meta.path, 'a NIC is plugged', 60_000);
      if (status !== 0) console.log(output);
      expect(status).toBe(0);
      expect(output).toMatch(/\n 2 pass\n/);
    },
    70_000,
  );
}
