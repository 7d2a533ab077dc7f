/** A kernel module: its name with underscores, its bytes (not packed). */
export type KernelModule = { name: string; bytes: Uint8Array };

const canonical = (name: string): string => name.replaceAll('-', '_');

/** Modules in an order in which insmod takes them. `load` answers null for a name that is built in or absent. */
export async function inLoadOrder(wanted: readonly string[], load: (name: string) => Promise<KernelModule | null>): Promise<KernelModule[]> {
  const seen = new Set<string>();
  const ordered: KernelModule[] = [];
  const add = async (name: string): Promise<void> => {
    if (seen.has(canonical(name))) return;
    seen.add(canonical(name));
    const module = await load(name);
    if (module === null) return;
    for (const other of dependsOn(module.bytes)) await add(other);
    ordered.push(module);
  };
  for (const name of wanted) await add(name);
  return ordered;
}

/** Names after `depends=` in a module's .modinfo section. */
export function dependsOn(bytes: Uint8Array): string[] {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const mark = '\0depends=';
  const at = buffer.indexOf(mark, 0, 'latin1');
  if (at === -1) return [];
  const from = at + mark.length;
  return buffer
    .toString('latin1', from, buffer.indexOf(0, from))
    .split(',')
    .filter((name) => name !== '');
}

/** `…/virtio_net.ko`, `.ko.xz`, `.ko.gz`, `.ko.zst` → virtio_net, with underscores; null for any other file. */
export function moduleName(path: string): string | null {
  const found = /([^/]+)\.ko(\.xz|\.gz|\.zst)?$/.exec(path);
  return found?.[1] === undefined ? null : canonical(found[1]);
}
