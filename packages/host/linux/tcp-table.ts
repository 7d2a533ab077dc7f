/** One end of a TCP connection in the kernel's words: `HEX-ADDRESS:HEX-PORT`. v4: as /proc/net/tcp has it, null for no IPv4 address; v6: as tcp6. */
export type TcpEnd = { v4: string | null; v6: string };

/** A line of /proc/net/tcp or tcp6 (Documentation/networking/proc_net_tcp.rst). inode 0: no process has the socket any more, and uid says nothing. */
export type TcpLine = { local: string; remote: string; state: number; uid: number; inode: number };

export const tcpState = { established: 1, listen: 10 } as const;

const addressFamily = { inet: 2, inet6: 10 } as const;
/** The 12 bytes before the IPv4 address in ::ffff:a.b.c.d, as tcp6 writes them. */
const mappedPrefix = '0000000000000000FFFF0000';

/** Reads a struct sockaddr_in or sockaddr_in6; null for another family. */
export function tcpEndOf(sockaddr: Uint8Array): TcpEnd | null {
  const view = new DataView(sockaddr.buffer, sockaddr.byteOffset, sockaddr.byteLength);
  // Families and the table's words are in the machine's order, which is little-endian wherever mvirt runs; ports are not.
  const family = view.getUint16(0, true);
  const port = hex(view.getUint16(2, false), 4);
  const word = (offset: number) => hex(view.getUint32(offset, true), 8);
  if (family === addressFamily.inet) return { v4: `${word(4)}:${port}`, v6: `${mappedPrefix}${word(4)}:${port}` };
  if (family !== addressFamily.inet6) return null;
  const address = [8, 12, 16, 20].map(word).join('');
  const v4 = address.startsWith(mappedPrefix) ? `${address.slice(mappedPrefix.length)}:${port}` : null;
  return { v4, v6: `${address}:${port}` };
}

/** The lines that a caller wants, without making objects of the thousands of others. @throws Error for a table of another form */
export function parseTcpTable(text: string, wants: (local: string, remote: string) => boolean): TcpLine[] {
  const [head = '', ...lines] = text.split('\n');
  if (!/^\s*sl\s+local_address\s/.test(head)) throw new Error("the kernel's table of TCP sockets has another form than is known");
  return lines.flatMap((line) => {
    const [, local = '', remote = ''] = line.slice(0, 120).trimStart().split(' ', 3);
    if (!wants(local, remote)) return [];
    const [, , , state = '', , , , uid = '', , inode = ''] = line.trim().split(/\s+/);
    const parsed = { local, remote, state: Number.parseInt(state, 16), uid: Number(uid || 'x'), inode: Number(inode || 'x') };
    return [parsed.state, parsed.uid, parsed.inode].every(Number.isSafeInteger) ? [parsed] : [];
  });
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');
