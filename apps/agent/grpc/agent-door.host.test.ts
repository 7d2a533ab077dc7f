import { expect, test } from 'bun:test';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { credentials } from '@grpc/grpc-js';
import { type AgentProcess, spawnAgent, startAgent } from '@mvirt/testkit/agent-process';
import { openGrpcClient } from '@mvirt/testkit/grpc-client';
import { type NetNamespace, netNamespace } from '@mvirt/testkit/net-namespace';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { makeCertificates, noOpenssl, openssl } from './testing/certificates.ts';
import { rawDelete } from './testing/raw-delete.ts';

const python = '/usr/bin/python3';
const because = process.geteuid?.() !== 0 ? 'only root makes network namespaces and other users' : existsSync(python) ? null : 'python3 is missing';
const title = (words: string, reason = because) => (reason === null ? words : `${words} (${reason})`);
const stranger = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups'];

/** A network namespace with a loopback, as the agent would have it. */
async function loopbackNamespace(): Promise<NetNamespace> {
  const net = await netNamespace();
  run([...net.enter, 'ip', 'link', 'set', 'lo', 'up']);
  return net;
}

function run([program = '', ...args]: string[]): string {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: '/' });
  if (status !== 0) throw new Error(`${program} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Connects to the default address often, sends bytes, and ends each connection as it is told. Prints what the last one read. */
const sender = `
import socket, struct, sys
data, rounds, way = bytes.fromhex(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
said = b''
for _ in range(rounds):
    s = socket.create_connection(('::1', 50051))
    try:
        s.sendall(data)
        if way == 'reset': s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
        if way == 'half': s.shutdown(socket.SHUT_WR)
        if way in ('half', 'stay'): said = s.recv(65536)
    except ConnectionError: pass
    s.close()
print(said.hex())
`;

const warnings = (agent: AgentProcess): string[] =>
  agent
    .stderr()
    .split('\n')
    .filter((line) => line.startsWith('{"level":"warn"'))
    .map((line) => String(JSON.parse(line).message));

test.skipIf(because !== null)(
  title('another user who sends a DeleteVm and closes at once deletes nothing, however often; root does'),
  async () => {
    using dir = tempDir();
    await using net = await loopbackNamespace();
    await using agent = await startAgent(dir, [], { through: net.enter, defaultListen: true });
    expect(agent.stdout()).toBe(`mvirt agent is ready on ${agent.socketPath}, [::1]:50051 (pid ${agent.pid})\n`);
    const { vm } = await agent.api.vm.create.mutate({ name: 'target', kernel: '/no/kernel/yet' });
    const names = async () => (await agent.api.vm.list.query()).map(({ name }) => name);
    const send = (as: string[], rounds: number, way: string) =>
      run([...net.enter, ...as, python, '-c', sender, rawDelete(vm.id).toString('hex'), `${rounds}`, way]).trim();
    for (const way of ['close', 'reset', 'half', 'stay']) {
      expect(send(stranger, 100, way)).toBe('');
      expect(await names()).toEqual(['target']);
    }
    // On a fast machine all of them come in the second whose lines the first ones have used up: another one, until the log names him.
    await waitFor('the refusals', () => {
      expect(send(stranger, 1, 'stay')).toBe('');
      return warnings(agent).includes('gRPC [::1]:50051 connection refused: user 65534 may not use this agent');
    });
    expect(warnings(agent).filter((line) => !/connection refused: (user 65534 may not|.* cannot be told)|more connections were refused/.test(line))).toEqual(
      [],
    );
    // The same bytes, from one who may: they are a DeleteVm.
    expect(send([], 1, 'stay')).not.toBe('');
    await waitFor('the VM to be gone', async () => (await names()).length === 0);
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  60_000,
);

test.skipIf(because !== null)(
  title('a client in another network namespace, led to the port by address translation, is refused; in a user namespace root is the user outside'),
  async () => {
    using dir = tempDir();
    await using net = await loopbackNamespace();
    await using other = await netNamespace();
    const lead = `
ip link add to-other type veth peer name to-agent netns /proc/${other.pid}/ns/net
ip addr add 192.0.2.1/24 dev to-other && ip link set to-other up
echo 1 > /proc/sys/net/ipv4/conf/to-other/route_localnet
nft add table ip lead && nft 'add chain ip lead in { type nat hook prerouting priority -100; }' && nft 'add rule ip lead in tcp dport 7777 dnat to 127.0.0.1:50051'`;
    run([...net.enter, 'sh', '-ec', lead]);
    run([...other.enter, 'sh', '-ec', 'ip addr add 192.0.2.2/24 dev to-agent && ip link set to-agent up']);
    await using agent = await startAgent(dir, ['--listen', '127.0.0.1:50051', '--listen', '[::1]:50051'], { through: net.enter });
    const ask = "import socket; s = socket.create_connection(('192.0.2.1', 7777), 10)\ntry: print(s.recv(1))\nexcept ConnectionError: print(b'')";
    expect(run([...other.enter, python, '-c', ask])).toBe("b''\n");
    await waitFor('the refusal', () =>
      warnings(agent).some((line) => /gRPC 127\.0\.0\.1:50051 connection refused: the peer at 192\.0\.2\.2 port \d+ .* cannot be told/.test(line)),
    );
    const inside = ['unshare', '--user', '--map-root-user'];
    expect(run([...net.enter, ...stranger, ...inside, python, '-c', sender, '00', '1', 'stay'])).toBe('\n');
    await waitFor('the user outside', () => warnings(agent).includes('gRPC [::1]:50051 connection refused: user 65534 may not use this agent'));
    expect(await agent.end('SIGTERM')).toBe(0);
  },
  60_000,
);

test.skipIf(because !== null)(
  title('the default costs no agent its start: port in use, no IPv6; what was asked for does'),
  async () => {
    using first = tempDir();
    using second = tempDir();
    using third = tempDir();
    await using net = await loopbackNamespace();
    const alone = { through: net.enter, defaultListen: true };
    await using holder = await startAgent(first, [], alone);
    await using without = await startAgent(second, [], alone);
    expect(without.stdout()).toBe(`mvirt agent is ready on ${without.socketPath} (pid ${without.pid})\n`);
    const inUse = `--listen: cannot listen on [::1]:50051: the port is in use, by process ${holder.pid} (`;
    expect(warnings(without).filter((line) => line.startsWith(`gRPC clients are not answered: ${inUse}`))).toHaveLength(1);
    const insisting = spawnAgent(third, ['--listen', '[::1]:50051'], { through: net.enter });
    expect(await insisting.ended()).toBe(4);
    expect(insisting.stderr()).toContain(`mvirt: ${inUse}`);
    expect(insisting.stderr()).toContain('hint: choose another --listen address, or --listen off\n');
    expect(existsSync(insisting.socketPath)).toBe(false);
    await holder.end('SIGTERM');
    run([...net.enter, 'sh', '-c', 'echo 1 > /proc/sys/net/ipv6/conf/all/disable_ipv6']);
    await using older = await startAgent(third, [], alone);
    expect(older.stdout()).toContain(`, 127.0.0.1:50051 (pid ${older.pid})`);
    expect(warnings(older)).toContain('gRPC clients are answered on 127.0.0.1:50051: --listen: cannot listen on [::1]:50051: this host has no such address');
  },
  60_000,
);

test('through a Unix socket: the machine, and streams that end with the agent', async () => {
  using dir = tempDir();
  await using agent = await startAgent(dir, ['--listen', `unix:${dir.join('grpc.sock')}`]);
  using client = openGrpcClient(`unix:${dir.join('grpc.sock')}`);
  const info = await client.call('GetSystemInfo', {});
  expect(info).toMatchObject({ host: { hostname: readFileSync('/proc/sys/kernel/hostname', 'utf8').trim() }, cpu: { logical_cores: expect.any(Number) } });
  const events = client.watch({});
  const ended = new Promise((resolve) => void events.on('error', resolve));
  await new Promise((resolve) => void events.once('metadata', resolve));
  expect(await agent.end('SIGTERM')).toBe(0);
  expect(await ended).toMatchObject({ code: 14 });
  expect(existsSync(dir.join('grpc.sock'))).toBe(false);
}, 60_000);

test.skipIf(noOpenssl !== null)(
  title('with certificates: who has one comes in, who has none does not', noOpenssl),
  async () => {
    using dir = tempDir();
    makeCertificates(dir);
    const files = ['--grpc-tls-cert', dir.join('agent.crt'), '--grpc-tls-key', dir.join('agent.key'), '--grpc-tls-ca', dir.join('ca.crt')];
    await using agent = await startAgent(dir, ['--listen', '127.0.0.1:0', ...files]);
    const target = /127\.0\.0\.1:\d+/.exec(agent.stdout())?.[0] ?? '';
    const read = (name: string) => readFileSync(dir.join(name));
    const channel = { 'grpc.ssl_target_name_override': 'vmhost.example' };
    const soon = () => ({ deadline: Date.now() + 10_000 });
    using alice = openGrpcClient(target, { credentials: credentials.createSsl(read('ca.crt'), read('alice.key'), read('alice.crt')), channel });
    expect(await alice.call('ListVms', {}, soon())).toEqual({ vms: [] });
    using nobody = openGrpcClient(target, { credentials: credentials.createSsl(read('ca.crt')), channel });
    using plain = openGrpcClient(target);
    for (const refused of [nobody, plain]) {
      const error = await refused.call('ListVms', {}, soon()).then(
        () => null,
        (thrown) => thrown,
      );
      expect(error).toMatchObject({ code: 14 });
    }
    await waitFor('both refusals', () => ['without a certificate', 'does not speak TLS'].every((why) => warnings(agent).some((line) => line.includes(why))));
    expect(await alice.call('GetVersion', {}, soon())).toMatchObject({ version: expect.any(String) });
    openssl(
      dir,
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-noenc',
      '-subj',
      '/CN=other',
      '-keyout',
      'other.key',
      '-out',
      'other.crt',
    );
    const wrong = spawnAgent(dir, ['--data-dir', dir.join('other'), '--listen', '0.0.0.0:0', ...files.with(3, dir.join('other.key'))]);
    expect(await wrong.ended()).toBe(2);
    expect(wrong.stderr()).toContain(`mvirt: --grpc-tls-key: ${dir.join('other.key')} is not the key of ${dir.join('agent.crt')}\n`);
  },
  60_000,
);
