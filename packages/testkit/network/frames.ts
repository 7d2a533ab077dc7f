/** An address as its bytes: a MAC, or IPv4 or IPv6 in full. */
type Bytes = Uint8Array;

const u16 = (value: number): Bytes => Uint8Array.of(value >> 8, value & 0xff);
const joined = (...parts: Bytes[]): Bytes => new Uint8Array(Buffer.concat(parts));

export const macBytes = (mac: string): Bytes => Uint8Array.from(mac.split(':'), (byte) => Number.parseInt(byte, 16));
export const ipv4Bytes = (address: string): Bytes => Uint8Array.from(address.split('.'), Number);

export function ipv6Bytes(address: string): Bytes {
  const [head = '', tail] = address.split('::');
  const groups = (text: string) => text.split(':').filter((group) => group !== '');
  const zeros = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...Array<string>(zeros).fill('0'), ...groups(tail ?? '')];
  return joined(...all.map((group) => u16(Number.parseInt(group, 16))));
}

type Ends = { from: string; to: string; fromMac: string; toMac: string };

const ethernet = ({ fromMac, toMac }: Ends, type: number, payload: Bytes): Bytes => joined(macBytes(toMac), macBytes(fromMac), u16(type), payload);

/** RFC 1071. */
function checksum(bytes: Bytes): Bytes {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return u16(~sum & 0xffff);
}

const udpHeader = (ports: [number, number], payload: Bytes, sum: Bytes): Bytes => joined(u16(ports[0]), u16(ports[1]), u16(8 + payload.length), sum);

/** A datagram of IPv4, without the checksum that it may leave out. */
export function udp4(ends: Ends, ports: [number, number], text: string): Bytes {
  const data = joined(udpHeader(ports, Buffer.from(text), u16(0)), Buffer.from(text));
  const header = (sum: Bytes) =>
    joined(Uint8Array.of(0x45, 0), u16(20 + data.length), u16(1), u16(0), Uint8Array.of(64, 17), sum, ipv4Bytes(ends.from), ipv4Bytes(ends.to));
  return ethernet(ends, 0x0800, joined(header(checksum(header(u16(0)))), data));
}

/** Headers that may stand before what an IPv6 packet is about (RFC 8200, 4): numbers of hop-by-hop (0) and destination options (60). */
export type Before = readonly (0 | 60)[];

function ipv6(ends: Ends, next: number, payload: Bytes, before: Before): Bytes {
  // Each of them holds one option that pads it (PadN) and the number of the next.
  const extensions = before.map((_, index) => Uint8Array.of(before[index + 1] ?? next, 0, 1, 4, 0, 0, 0, 0));
  const all = joined(...extensions, payload);
  const header = joined(Uint8Array.of(0x60, 0, 0, 0), u16(all.length), Uint8Array.of(before[0] ?? next, 255), ipv6Bytes(ends.from), ipv6Bytes(ends.to));
  return ethernet(ends, 0x86dd, joined(header, all));
}

const pseudo = (ends: Ends, next: number, length: number): Bytes =>
  joined(ipv6Bytes(ends.from), ipv6Bytes(ends.to), u16(0), u16(length), Uint8Array.of(0, 0, 0, next));

export function udp6(ends: Ends, ports: [number, number], text: string, before: Before = []): Bytes {
  const payload = Buffer.from(text);
  const sum = checksum(joined(pseudo(ends, 17, 8 + payload.length), udpHeader(ports, payload, u16(0)), payload));
  return ipv6(ends, 17, joined(udpHeader(ports, payload, sum), payload), before);
}

/** "I am a router, and this prefix (/64) is yours to make addresses of" (RFC 4861, 4.2 and 4.6.2). */
export function routerAdvertisement(ends: Ends, prefix: string, before: Before = []): Bytes {
  const hour = Uint8Array.of(0, 0, 0x0e, 0x10);
  const option = joined(Uint8Array.of(3, 4, 64, 0xc0), hour, hour, new Uint8Array(4), ipv6Bytes(prefix));
  const message = (sum: Bytes) => joined(Uint8Array.of(134, 0), sum, Uint8Array.of(64, 0), u16(1800), new Uint8Array(8), option);
  const sum = checksum(joined(pseudo(ends, 58, message(u16(0)).length), message(u16(0))));
  return ipv6(ends, 58, message(sum), before);
}

/** argv of a program that sends these frames on eth0, as they are. */
export function sendFrames(frames: readonly Bytes[]): string[] {
  const program = "import socket,sys\ns=socket.socket(socket.AF_PACKET,socket.SOCK_RAW)\ns.bind(('eth0',0))\nfor f in sys.argv[1:]: s.send(bytes.fromhex(f))";
  return ['python3', '-c', program, ...frames.map((frame) => Buffer.from(frame).toString('hex'))];
}
