/** Whether there is nothing but zeros. */
export function isZero(bytes: Uint8Array): boolean {
  const head = Math.min(bytes.byteLength, -bytes.byteOffset & 3);
  const words = (bytes.byteLength - head) >> 2;
  const tail = head + words * 4;
  for (let at = 0; at < head; at += 1) if (bytes[at] !== 0) return false;
  // Four at a time: images are large, and mostly empty.
  const view = words === 0 ? [] : new Uint32Array(bytes.buffer, bytes.byteOffset + head, words);
  for (let at = 0; at < words; at += 1) if (view[at] !== 0) return false;
  for (let at = tail; at < bytes.byteLength; at += 1) if (bytes[at] !== 0) return false;
  return true;
}
