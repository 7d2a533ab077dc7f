import { expect, test } from 'bun:test';
import { once } from 'node:events';
import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { MvirtError } from '@mvirt/domain';
import { doubleServices, doubleVm } from '@mvirt/testkit/double-services';
import { type ServedDouble, serveDouble } from '@mvirt/testkit/serve-double';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { waitFor } from '@mvirt/testkit/wait-for';
import { openSshTunnel } from '../client/ssh-tunnel.ts';

const signal = new AbortController().signal;
const serve = async (path: string, guest?: () => Duplex): Promise<ServedDouble> => {
  const services = doubleServices();
  const vm = doubleVm('vm-1', 'web');
  services.vmsById.set(vm.id, vm);
  if (guest !== undefined) services.ssh.connect = async () => guest();
  return await serveDouble(path, services);
};
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable(),
    (error: unknown) => error,
  );

test('every byte goes both ways, in order, and a guest that ends ends the connection', async () => {
  using dir = tempDir();
  await using _served = await serve(dir.join('s'));
  const tunnel = await openSshTunnel('web', { socketPath: dir.join('s'), signal });
  const sent = Buffer.from(Uint8Array.from({ length: 4 << 20 }, (_, index) => (index * 7919) >> 3));
  const heard: Buffer[] = [];
  tunnel.on('data', (bytes: Buffer) => heard.push(bytes)).resume();
  tunnel.write(sent);
  await waitFor('the echo', () => heard.reduce((sum, bytes) => sum + bytes.length, 0) === sent.length, { timeoutMs: 20_000 });
  expect(Buffer.concat(heard).equals(sent)).toBe(true);
  tunnel.end();
  await once(tunnel, 'close');
});

test('what the guest says first and what it says last are heard', async () => {
  using dir = tempDir();
  const guest = () => {
    const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    duplex.push('SSH-2.0-first\r\n');
    setImmediate(() => {
      duplex.push('last');
      duplex.push(null);
    });
    return duplex;
  };
  await using _served = await serve(dir.join('s'), guest);
  const tunnel = await openSshTunnel('web', { socketPath: dir.join('s'), signal });
  const heard: Buffer[] = [];
  tunnel.on('data', (bytes: Buffer) => heard.push(bytes)).resume();
  await once(tunnel, 'end');
  expect(Buffer.concat(heard).toString()).toBe('SSH-2.0-first\r\nlast');
});

test('a client that goes lets go of the guest, and a guest that breaks of the client', async () => {
  using dir = tempDir();
  const guests: Duplex[] = [];
  const guest = () => {
    const duplex = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() });
    guests.push(duplex);
    return duplex;
  };
  await using _served = await serve(dir.join('s'), guest);
  const open = () => openSshTunnel('web', { socketPath: dir.join('s'), signal });
  const gone = await open();
  gone.destroy();
  await waitFor('the guest to be let go of', () => guests[0]?.destroyed === true);
  const cut = await open();
  guests[1]?.destroy(new Error('reset'));
  cut.resume();
  await once(cut, 'close');
});

test("the agent's refusal is told with its code and hint", async () => {
  using dir = tempDir();
  await using served = await serve(dir.join('s'));
  const ask = (vm: string) => failure(openSshTunnel(vm, { socketPath: dir.join('s'), signal }));
  expect(await ask('db')).toMatchObject({ code: 'VM_NOT_FOUND', message: 'no VM db', hint: 'mvirt list shows every VM' });
  expect(await ask('ö/../%2f?#')).toMatchObject({ code: 'VM_NOT_FOUND', message: 'no VM ö/../%2f?#' });
  served.services.ssh.connect = async () => {
    throw new MvirtError({ code: 'WRONG_STATE', message: 'VM web is stopped', hint: 'start it' });
  };
  expect(await ask('web')).toMatchObject({ code: 'WRONG_STATE', message: 'VM web is stopped', hint: 'start it' });
  expect(served.defects).toEqual([]);
  served.services.ssh.connect = async () => {
    throw new TypeError('undefined is not a guest');
  };
  expect(await ask('web')).toMatchObject({ code: 'INTERNAL' });
  expect(served.defects).toEqual(['ssh: undefined is not a guest']);
});

test('nobody there, and a server of another kind', async () => {
  using dir = tempDir();
  const ask = (path: string) => failure(openSshTunnel('web', { socketPath: path, signal }));
  expect(await ask(dir.join('none'))).toMatchObject({ code: 'AGENT_UNREACHABLE', message: `no agent at ${dir.join('none')}` });
  const other = Bun.serve({ unix: dir.join('other'), fetch: () => new Response('hello', { status: 404, headers: { connection: 'close' } }) });
  expect(await ask(dir.join('other'))).toMatchObject({ code: 'UNSUPPORTED', message: 'the agent makes no connections to guests' });
  await other.stop(true);
});

test('an agent that ends cuts its tunnels; requests that are none of them are answered', async () => {
  using dir = tempDir();
  const served = await serve(dir.join('s'));
  const tunnel = await openSshTunnel('web', { socketPath: dir.join('s'), signal });
  const other = connect(dir.join('s'));
  other.write('GET /ssh/web HTTP/1.1\r\nHost: agent\r\nConnection: Upgrade\r\nUpgrade: telnet\r\n\r\n');
  expect(String((await once(other, 'data'))[0])).toStartWith('HTTP/1.1 404 ');
  other.destroy();
  tunnel.resume();
  const closed = once(tunnel, 'close');
  await served[Symbol.asyncDispose]();
  await closed;
});
