import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import type { MvirtError } from '@mvirt/domain';
import { createLinuxHost } from '@mvirt/host/linux';
import { cloudHypervisorBench, lackingCloudHypervisor } from '@mvirt/testkit/hypervisor/cloud-hypervisor-bench';
import { waitFor } from '@mvirt/testkit/wait-for';
import { systemClock } from '../clock.ts';
import { sockets } from '../run-files.ts';
import { createApiLink } from './api-link.ts';
import { exchange } from './exchange.ts';
import { anything } from './replies.ts';

const missing = lackingCloudHypervisor();
if (missing !== null) console.log(`skip: cloud-hypervisor's API: ${missing}`);

test.skipIf(missing !== null)(
  'its server takes 51,200 bytes and 10 connections: more is refused by us before it is sent, or told as what it is, and a hang ends by its deadline',
  async () => {
    const bench = cloudHypervisorBench({ name: 'cloud-hypervisor', cmdline: '', missing });
    const room = await bench.open();
    const { files } = createLinuxHost();
    const request = room.request();
    const vmm = await room.agent().launch(request, { signal: AbortSignal.timeout(30_000) });
    room.guestOf(request, vmm);
    const link = createApiLink({ socketPath: join(request.run.runDir, sockets.api), files, clock: systemClock(), onAnswer: () => {}, onSilence: () => {} });
    const held: Socket[] = [];
    try {
      const body = { id: 'x'.repeat(51_200) };
      const refused = { code: 'UNSUPPORTED', message: 'vm.add-disk: its 51209 bytes are more than the 51200 that cloud-hypervisor takes' };
      await expect(link.put('vm.add-disk', body, {})).rejects.toMatchObject(refused);
      using short = files.shortPath(request.run.runDir, sockets.api);
      const raw = await exchange({
        path: short.path,
        method: 'PUT',
        resource: 'vm.add-disk',
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(5000),
      }).catch(() => ({ status: 400, body: 'the line broke' }));
      expect(raw.status).toBe(400);
      expect(await vmm.status({})).toBe('running');

      for (let count = 0; count < 10; count += 1) {
        const socket = connect({ path: short.path });
        await once(socket, 'connect');
        held.push(socket);
      }
      // Its server answers and hangs up at once: whichever arrives first, the call ends.
      const refusal = await vmm.status({}).catch((error: MvirtError) => `${error.code}: ${error.message}`);
      expect(refusal).toMatch(/^TOO_MANY: .*Too many open connections|^HYPERVISOR_ERROR: the line to cloud-hypervisor broke/);
      for (const socket of held.splice(0)) socket.destroy();
      const answers = () => vmm.status({}).catch(() => null);
      await waitFor('a connection to be free', async () => (await answers()) === 'running');

      await room.halt(vmm.process);
      await expect(link.get('vmm.ping', anything, { timeoutMs: 200 })).rejects.toMatchObject({ code: 'HYPERVISOR_UNRESPONSIVE' });
      expect(room.processes.isAlive(vmm.process)).toBe(true);
      room.processes.signal(vmm.process, 'SIGCONT');
      expect(await vmm.status({})).toBe('running');
    } finally {
      for (const socket of held) socket.destroy();
      link.close();
      room.processes.signal(vmm.process, 'SIGKILL');
      vmm.close();
      await room[Symbol.asyncDispose]();
      bench.close?.();
    }
  },
  60_000,
);
