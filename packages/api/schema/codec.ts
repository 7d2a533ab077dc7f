import SuperJSON from 'superjson';

/**
 * superjson with bytes as base64 (1.35 times their size, where superjson's own form takes 3.6 times).
 * Both ends make theirs here: a codec on one end only fails without a word.
 */
export function createCodec(): SuperJSON {
  const codec = new SuperJSON();
  codec.registerCustom<Uint8Array, string>(
    {
      isApplicable: (value): value is Uint8Array => value instanceof Uint8Array,
      serialize: (bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'),
      // A copy: Buffer.from takes small ones out of a shared pool, which one kept message would keep alive.
      deserialize: (text) => new Uint8Array(Buffer.from(text, 'base64')),
    },
    'bytes',
  );
  return codec;
}
