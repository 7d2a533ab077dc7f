import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { startAgent } from '@mvirt/testkit/agent-process';
import { noPython } from '@mvirt/testkit/contract/python';
import { openPythonClient } from '@mvirt/testkit/contract/python-client';
import { netNamespace } from '@mvirt/testkit/net-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { makeCertificates, noOpenssl } from '../../agent/grpc/testing/certificates.ts';
import { mainPath } from './testing/spawn-mvirt.ts';

const missing = process.geteuid?.() !== 0 ? 'only root makes network namespaces and is other users' : (noOpenssl ?? noPython());
if (missing) console.log(`skipped: ${missing}`);

test.skipIf(missing !== null)(
  'mvirt --server https: in with a certificate, out without one, with a wrong name, and in plain text',
  async () => {
    using dir = tempDir('doors');
    makeCertificates(dir);
    await using net = await netNamespace();
    const inside = ([program = '', ...argv]: string[]) =>
      spawnSync(net.enter[0] ?? '', [...net.enter.slice(1), program, ...argv], { cwd: dir.path, encoding: 'utf8' });
    inside(['sh', '-ec', 'ip link set lo up; ip addr add 192.0.2.10/32 dev lo; ip addr add 192.0.2.11/32 dev lo']);
    const files = ['--grpc-tls-cert', dir.join('agent.crt'), '--grpc-tls-key', dir.join('agent.key'), '--grpc-tls-ca', dir.join('ca.crt')];
    const listen = ['--listen', '192.0.2.10:50051', '--listen', '192.0.2.11:50051'];
    await using agent = await startAgent(dir, [...listen, ...files], { through: net.enter });
    const mvirt = (server: string, ...flags: string[]) => inside([process.execPath, mainPath, 'list', '-q', '--server', server, ...flags]);
    const [ca, alice] = [
      ['--tls-ca', 'ca.crt'],
      ['--tls-cert', 'alice.crt', '--tls-key', 'alice.key'],
    ];
    const { vm } = await agent.api.vm.create.mutate({ name: 'web', kernel: '/no/kernel/yet' });
    const came = mvirt('https://192.0.2.10', ...ca, ...alice);
    expect([came.status, came.stdout, came.stderr]).toEqual([0, `${vm.id}\n`, '']);
    for (const [server, flags, says] of [
      ['https://192.0.2.10', ca, /./],
      ['https://192.0.2.10', alice, /self.signed|unable to/i],
      ['https://192.0.2.11', [...ca, ...alice], /altnames|IP/],
      ['http://192.0.2.10', [], /./],
    ] as const) {
      const { status, stdout, stderr } = mvirt(server, ...flags);
      expect([server, flags, status, stdout]).toEqual([server, flags, 6, '']);
      expect(stderr).toMatch(/^mvirt: no gRPC server answers at https?:\/\/192\.0\.2\.1[01]:50051: .*\nhint: check the address; /);
      expect(stderr).toMatch(says);
    }
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  60_000,
);

test.skipIf(missing !== null)(
  'a contract client of another user is refused at the default address, and one of root comes in',
  async () => {
    using dir = tempDir('doors');
    await using net = await netNamespace();
    spawnSync(net.enter[0] ?? '', [...net.enter.slice(1), 'ip', 'link', 'set', 'lo', 'up']);
    await using agent = await startAgent(dir, [], { through: net.enter, defaultListen: true });
    const { vm } = await agent.api.vm.create.mutate({ name: 'web', kernel: '/no/kernel/yet' });
    const stranger = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];
    await using other = await openPythonClient('v1', { through: [...net.enter, ...stranger] });
    expect((await other.connect('[::1]:50051').fail('DeleteVm', { id: vm.id }, { timeoutS: 10 })).code).toBe('UNAVAILABLE');
    await using root = await openPythonClient('v1', { through: net.enter });
    const client = root.connect('[::1]:50051');
    expect((await client.call('ListVms')).vms).toHaveLength(1);
    expect(await client.call('DeleteVm', { id: vm.id })).toEqual({});
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  60_000,
);
