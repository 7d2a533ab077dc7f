import { expect, test } from 'bun:test';
import { createTcpOwners } from './tcp-owners.ts';
import type { TcpEnd } from './tcp-table.ts';

const head = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n';
const line = (local: string, remote: string, { state = '01', uid = 7, inode = 99 } = {}) =>
  `   0: ${local} ${remote} ${state} 00000000:00000000 00:00000000 00000000 ${uid}        0 ${inode} 1 0 20 0 0 10 -1\n`;
const mapped = (address: string) => `0000000000000000FFFF0000${address}`;
const v4 = (port: string): TcpEnd => ({ v4: `0100007F:${port}`, v6: `${mapped('0100007F')}:${port}` });
const v6 = (port: string): TcpEnd => ({ v4: null, v6: `00000000000000000000000001000000:${port}` });

/** Tables whose reading the test lets end. */
function tables() {
  const readings: PromiseWithResolvers<{ tcp: string; tcp6: string }>[] = [];
  const read = () => {
    const reading = Promise.withResolvers<{ tcp: string; tcp6: string }>();
    readings.push(reading);
    return reading.promise;
  };
  return { readings, owners: createTcpOwners(read) };
}

test('an IPv4 peer is found in either table, an IPv6 one in tcp6 alone', async () => {
  const { owners, readings } = tables();
  const found = Promise.all([
    owners.connected(v4('AAAA'), v4('C383')),
    owners.connected(v4('BBBB'), v4('C383')),
    owners.connected(v6('AAAA'), v6('C383')),
    owners.connected(v6('DDDD'), v6('C383')),
  ]);
  // The first lookup's reading began before the others asked: they share the second.
  const tcp = head + line('0100007F:AAAA', '0100007F:C383', { uid: 1 });
  const tcp6 =
    head + line(`${mapped('0100007F')}:BBBB`, `${mapped('0100007F')}:C383`, { uid: 2 }) + line(`${v6('AAAA').v6}`, `${v6('C383').v6}`, { uid: 3, inode: 0 });
  readings[0]?.resolve({ tcp, tcp6 });
  await readings[0]?.promise;
  await Promise.resolve();
  readings[1]?.resolve({ tcp, tcp6 });
  const lines = await found;
  expect(lines.map(([first, ...more]) => [first?.uid ?? null, first?.inode ?? null, more.length])).toEqual([
    [1, 99, 0],
    [2, 99, 0],
    [3, 0, 0],
    [null, null, 0],
  ]);
  expect(readings).toHaveLength(2);
});

test('a reading that began before the question does not answer it', async () => {
  const { owners, readings } = tables();
  const first = owners.connected(v6('AAAA'), v6('C383'));
  const second = owners.connected(v6('BBBB'), v6('C383'));
  const stale = { tcp: head, tcp6: head + line(v6('BBBB').v6, v6('C383').v6, { uid: 0 }) };
  readings[0]?.resolve(stale);
  expect(await first).toEqual([]);
  readings[1]?.resolve({ tcp: head, tcp6: head });
  expect(await second).toEqual([]);
});

test('a table that cannot be read refuses those who wait, and the next reading goes on', async () => {
  const { owners, readings } = tables();
  const first = owners.connected(v6('AAAA'), v6('C383'));
  const second = owners.connected(v6('BBBB'), v6('C383'));
  readings[0]?.reject(new Error('ENOENT'));
  expect(
    await first.then(
      () => null,
      (error) => error,
    ),
  ).toMatchObject({ code: 'DENIED', message: expect.stringContaining('cannot be read: ENOENT') });
  readings[1]?.resolve({ tcp: head, tcp6: head + line(v6('BBBB').v6, v6('C383').v6) });
  expect(await second).toHaveLength(1);
});

test('listeners on a port', async () => {
  const { owners, readings } = tables();
  const listening = owners.listening(0xc383);
  readings[0]?.resolve({
    tcp: head + line('0100007F:C383', '00000000:0000', { state: '0A', uid: 5 }) + line('0100007F:C383', '0100007F:AAAA'),
    tcp6: head + line(v6('C384').v6, v6('0000').v6, { state: '0A' }),
  });
  expect((await listening).map(({ uid }) => uid)).toEqual([5]);
});
