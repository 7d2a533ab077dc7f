/** Listens for signals until disposed; came resolves with the first. Later ones change nothing. */
export function awaitSignal(names: NodeJS.Signals[]): Disposable & { came: Promise<NodeJS.Signals> } {
  const first = Promise.withResolvers<NodeJS.Signals>();
  for (const name of names) process.on(name, first.resolve);
  return {
    came: first.promise,
    [Symbol.dispose]() {
      for (const name of names) process.off(name, first.resolve);
    },
  };
}
