/** One member of an archive; `content` is a file's bytes or a link's target. */
export type CpioEntry = { path: string; kind: 'directory' | 'file' | 'link'; mode: number; content: Uint8Array };

const kindBits = { directory: 0o040000, file: 0o100000, link: 0o120000 } as const;

/** A newc archive, owned by root, without times: equal entries give equal bytes (kernel: Documentation/driver-api/early-userspace/buffer-format.rst). */
export function cpioArchive(entries: readonly CpioEntry[]): Uint8Array {
  const sorted = [...entries].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const members = sorted.map((entry, index) => member(entry.path, index + 1, kindBits[entry.kind] | entry.mode, entry.content));
  return Buffer.concat([...members, member('TRAILER!!!', 0, 0, new Uint8Array())]);
}

function member(path: string, inode: number, mode: number, content: Uint8Array): Uint8Array {
  const name = Buffer.from(`${path}\0`);
  // inode, mode, uid, gid, links, time, size, device (2), special device (2), name's size, checksum
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length, 0];
  const header = `070701${fields.map((value) => value.toString(16).padStart(8, '0')).join('')}`;
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), name])), padded(content)]);
}

function padded(bytes: Uint8Array): Uint8Array {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}
