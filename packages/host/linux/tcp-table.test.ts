import { expect, test } from 'bun:test';
import { parseTcpTable, tcpEndOf } from './tcp-table.ts';

// Lines of a Linux 6.1: a listener on [::]:50051, clients of user 65534, one that wrote a byte and closed, and a pair of closed sockets.
const tcp = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 0100007F:829A 0100007F:C383 01 00000000:00000000 00:00000000 00000000 65534        0 134849 2 0000000043754af8 20 0 0 10 -1                    
   1: 0100007F:82B4 0100007F:C383 06 00000000:00000000 03:00001770 00000000     0        0 0 3 0000000016171aa0                                      
`;
const tcp6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:C383 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 134847 1 00000000ac00cedc 100 0 0 10 0
   3: 0000000000000000FFFF00000100007F:82AA 0000000000000000FFFF00000100007F:C383 01 00000000:00000000 00:00000000 00000000 65534        0 134850 2 0000000008856f0b 20 0 0 10 -1
   6: 00000000000000000000000001000000:C1CC 00000000000000000000000001000000:C383 01 00000000:00000000 00:00000000 00000000 4294967294        0 134848 2 000000006628d0f6 20 0 0 10 -1
12347: 00000000000000000000000001000000:C1D2 00000000000000000000000001000000:C383 04 00000001:00000000 01:00000013 00000000     0        0 0 2 0000000060b8cdf3 20 0 0 11 -1
`;
const all = () => true;

test('every line: ends, state, user, inode', () => {
  expect(parseTcpTable(tcp, all)).toEqual([
    { local: '0100007F:829A', remote: '0100007F:C383', state: 1, uid: 65534, inode: 134849 },
    { local: '0100007F:82B4', remote: '0100007F:C383', state: 6, uid: 0, inode: 0 },
  ]);
  const lines = parseTcpTable(tcp6, all);
  expect(lines.map(({ state, uid, inode }) => [state, uid, inode])).toEqual([
    [10, 0, 134847],
    [1, 65534, 134850],
    [1, 4294967294, 134848],
    [4, 0, 0],
  ]);
});

test('only the lines that are wanted, by exactly their ends', () => {
  const client = '0000000000000000FFFF00000100007F:82AA';
  const server = '0000000000000000FFFF00000100007F:C383';
  expect(parseTcpTable(tcp6, (local, remote) => local === client && remote === server)).toHaveLength(1);
  expect(parseTcpTable(tcp6, (local, remote) => local === server && remote === client)).toEqual([]);
});

test('what is no such table is an error, and a line that is cut short is none', () => {
  expect(() => parseTcpTable('', all)).toThrow('another form');
  expect(() => parseTcpTable('Proto Recv-Q\n', all)).toThrow('another form');
  const head = tcp.split('\n', 1)[0];
  for (const cut of ['   0: 0100007F:829A 0100007F:C383 01 00000000:00000000 00:00000000 00000000', '   0: 0100007F:829A 0100007F:C383', 'x', '']) {
    expect(parseTcpTable(`${head}\n${cut}\n`, all)).toEqual([]);
  }
});

test('addresses become the words of the tables', () => {
  const v4 = Uint8Array.from([2, 0, 0xc3, 0x83, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
  expect(tcpEndOf(v4)).toEqual({ v4: '0100007F:C383', v6: '0000000000000000FFFF00000100007F:C383' });
  const v6 = (...address: number[]) => Uint8Array.from([10, 0, 0xc3, 0x83, 0, 0, 0, 0, ...address, 0, 0, 0, 0]);
  expect(tcpEndOf(v6(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1))).toEqual({ v4: null, v6: '00000000000000000000000001000000:C383' });
  expect(tcpEndOf(v6(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1))).toEqual(tcpEndOf(v4));
  // 2001:db8::102:304, as tcp6 of a real host had it.
  expect(tcpEndOf(v6(0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4))).toEqual({ v4: null, v6: 'B80D0120000000000000000004030201:C383' });
  expect(tcpEndOf(Uint8Array.from([1, 0, 47, 0, 0, 0, 0, 0]))).toBeNull();
});
