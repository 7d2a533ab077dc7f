import type { AgentClient } from '@mvirt/api/client';

export type BannerWatch = Disposable & {
  /** Resolves when all history was received: from now on nothing is missed. */
  live: Promise<void>;
  /** The banner's line; null where the history has none (historyOnly). */
  banner: Promise<string | null>;
};

export type BannerOptions = {
  /** When the run began, whose history counts too; null: only what the guest says from now on. */
  sinceMs: number | null;
  /** The run is so old that what its history does not have will not come. */
  historyOnly: boolean;
};

const pattern = /^.*TINY-READY.*$/gm;

/** Watches the VM's console for the line that the demo guest says when it is up. */
export function watchBanner(client: AgentClient, vm: string, { sinceMs, historyOnly }: BannerOptions): BannerWatch {
  const live = Promise.withResolvers<void>();
  const banner = Promise.withResolvers<string | null>();
  // Who waits for one of them alone must not be told of the other.
  for (const { promise } of [live, banner]) promise.catch(() => {});
  let running = sinceMs !== null;
  // Of several in a history the last is this run's.
  let last: string | null = null;
  let isLive = false;
  let text = '';
  const fail = (error: unknown): void => {
    live.reject(error);
    banner.reject(error);
  };
  const decoder = new TextDecoder();
  const subscription = client.api.console.attach.subscribe(
    { vm, from: sinceMs === null ? { kind: 'live' } : { kind: 'since', atMs: sinceMs } },
    {
      onData: ({ data: message }) => {
        if (message.kind === 'live') {
          isLive = true;
          live.resolve();
          if (last !== null || historyOnly) banner.resolve(last);
        } else if (message.kind === 'run') {
          if (!message.running && running && isLive) banner.reject(new Error('demo ended before it was up: npm run -s mvirt -- logs demo'));
          running = message.running;
        } else if (message.kind === 'data') {
          text += decoder.decode(message.bytes, { stream: true });
          const whole = text.lastIndexOf('\n') + 1;
          last = text.slice(0, whole).match(pattern)?.at(-1)?.trim() ?? last;
          if (isLive && last !== null) banner.resolve(last);
          text = text.slice(whole);
        }
      },
      onError: fail,
      onComplete: () => fail(new Error("demo's console ended")),
    },
  );
  return { live: live.promise, banner: banner.promise, [Symbol.dispose]: () => subscription.unsubscribe() };
}
