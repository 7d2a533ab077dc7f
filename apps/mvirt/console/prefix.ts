/** What the bytes typed mean: bytes for the guest, and whether the user leaves. */
export type Typed = { bytes: Uint8Array; leave: boolean };

const ctrlA = 1;
const t = 't'.charCodeAt(0);

/** Ctrl+a t leaves, Ctrl+a Ctrl+a sends one Ctrl+a, Ctrl+a with any other key sends both. Keeps its state between chunks. */
export function createPrefix(): (chunk: Uint8Array) => Typed {
  let pending = false;
  return (chunk) => {
    const out: number[] = [];
    for (const byte of chunk) {
      if (!pending && byte === ctrlA) {
        pending = true;
        continue;
      }
      if (pending && byte === t) return { bytes: Uint8Array.from(out), leave: true };
      if (pending && byte !== ctrlA) out.push(ctrlA);
      pending = false;
      out.push(byte);
    }
    return { bytes: Uint8Array.from(out), leave: false };
  };
}
