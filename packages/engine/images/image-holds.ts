/** Images that disks are being made of: until that is done, or given up, none of them may go. */
export type ImageHolds = { hold(name: string): Disposable; held(name: string): boolean };

export function createImageHolds(): ImageHolds {
  const held = new Map<string, number>();
  return {
    hold(name) {
      held.set(name, (held.get(name) ?? 0) + 1);
      return {
        [Symbol.dispose]() {
          const left = (held.get(name) ?? 1) - 1;
          if (left > 0) held.set(name, left);
          else held.delete(name);
        },
      };
    },
    held: (name) => held.has(name),
  };
}
