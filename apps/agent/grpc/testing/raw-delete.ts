/** A whole DeleteVm call as the bytes of an HTTP/2 connection: preface, SETTINGS, HEADERS without compression, DATA that ends the stream. */
export function rawDelete(vmId: string): Buffer {
  const headers = [
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', '/mvirt.VmService/DeleteVm'],
    [':authority', 'localhost'],
    ['content-type', 'application/grpc'],
    ['te', 'trailers'],
  ] as const;
  // HPACK: a literal that is not indexed, name and value without Huffman (RFC 7541, 6.2.2).
  const block = Buffer.concat(headers.map(([name, value]) => Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)])));
  const message = Buffer.concat([Buffer.from([0x0a, vmId.length]), Buffer.from(vmId)]);
  const body = Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  return Buffer.concat([preface, frame({ type: 4 }), frame({ type: 1, flags: 0x4, stream: 1, body: block }), frame({ type: 0, flags: 0x1, stream: 1, body })]);
}

const hpackText = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

function frame({ type, flags = 0, stream = 0, body = Buffer.alloc(0) }: { type: number; flags?: number; stream?: number; body?: Buffer }): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(body.length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, body]);
}
