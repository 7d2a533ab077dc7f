import { Reader } from 'protobufjs';

/** Reads messages as protobufjs does, but refuses text that is no UTF-8, as proto3 wants it, where protobufjs would put U+FFFD. */
export class StrictReader extends Reader {
  // ignoreBOM keeps a byte order mark, as any other character of a name.
  private static readonly utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

  override string(): string {
    return StrictReader.utf8.decode(this.bytes());
  }
}
