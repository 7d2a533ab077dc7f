import type { AgentClient } from '@mvirt/api/client';

export type BannerWatch = Disposable & {
  /** Resolves when all history was received: from now on nothing is missed. */
  live: Promise<void>;
  /** The banner's line; null where there is none in the history (asked for by `historyOnly`). */
  banner: Promise<string | null>;
};

export type BannerOptions = {
  /** live: only what the guest says from now on; all: its history too; history: that alone. */
  from: 'live' | 'all' | 'history';
};

const pattern = /^.*TINY-READY.*$/m;

/** Watches the VM's console for the line that the demo guest says when it is up. */
export function watchBanner(client: AgentClient, vm: string, { from }: BannerOptions): BannerWatch {
  const live = Promise.withResolvers<void>();
  const banner = Promise.withResolvers<string | null>();
  // Who waits for one of them alone must not be told of the other.
  for (const { promise } of [live, banner]) promise.catch(() => {});
  let running = from !== 'live';
  let isLive = false;
  let text = '';
  const fail = (error: unknown): void => {
    live.reject(error);
    banner.reject(error);
  };
  const decoder = new TextDecoder();
  const subscription = client.api.console.attach.subscribe(
    { vm, from: { kind: from === 'live' ? 'live' : 'all' } },
    {
      onData: ({ data: message }) => {
        if (message.kind === 'live') {
          isLive = true;
          live.resolve();
          if (from === 'history') banner.resolve(null);
        } else if (message.kind === 'run') {
          if (!message.running && running && isLive) banner.reject(new Error('demo ended before it was up: npm run -s mvirt -- logs demo'));
          running = message.running;
        } else if (message.kind === 'data') {
          text += decoder.decode(message.bytes, { stream: true });
          const whole = text.lastIndexOf('\n') + 1;
          const line = pattern.exec(text.slice(0, whole))?.[0].trim();
          if (line !== undefined) banner.resolve(line);
          text = text.slice(whole);
        }
      },
      onError: fail,
      onComplete: () => fail(new Error("demo's console ended")),
    },
  );
  return { live: live.promise, banner: banner.promise, [Symbol.dispose]: () => subscription.unsubscribe() };
}
