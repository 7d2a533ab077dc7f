import type { AgentClient } from '@mvirt/api/client';

/** Reads a VM's console from now on. says: resolves once it has shown the words, since then or since the words that were waited for before. */
export async function liveConsole({ api }: AgentClient, vm: string): Promise<Disposable & { says(words: string): Promise<void> }> {
  let text = '';
  let look = (): void => {};
  const attached = Promise.withResolvers<void>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => {});
  const reading = api.console.attach.subscribe(
    { vm, from: { kind: 'live' } },
    {
      onData: ({ data: message }) => {
        if (message.kind === 'data') text += Buffer.from(message.bytes).toString('latin1');
        if (message.kind === 'live') attached.resolve();
        look();
      },
      onError: failed.reject,
    },
  );
  await Promise.race([attached.promise, failed.promise]);
  return {
    says: (words) => {
      const said = new Promise<void>((resolve) => {
        look = () => {
          const at = text.indexOf(words);
          if (at < 0) return;
          text = text.slice(at + words.length);
          look = () => {};
          resolve();
        };
        look();
      });
      return Promise.race([said, failed.promise]);
    },
    [Symbol.dispose]: () => reading.unsubscribe(),
  };
}
