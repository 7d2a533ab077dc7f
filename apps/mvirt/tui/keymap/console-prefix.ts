import { commandOf, type KeyEntry } from './command.ts';

export type PrefixState = 'idle' | 'armed';

/** What a key in the console pane does. send: the held prefix goes before it where `withPrefix`. */
export type PrefixAction = { kind: 'none' } | { kind: 'send'; withPrefix: boolean; key: boolean } | { kind: 'leave' } | { kind: 'zoom' } | { kind: 'scroll' };

const after = (id: 'leave' | 'zoom' | 'scroll' | 'send-prefix', key: string, hint: string, title: string) => ({
  id,
  title,
  hint,
  when: ['prefix'] as const,
  keys: [key],
});

/** The console's own keys: heard only there, after the prefix. */
export const prefixKeys = [
  after('leave', 't', 'leave', 'leave the console'),
  after('send-prefix', 'ctrl+a', 'send ^a', 'send one ^a to the guest'),
  after('zoom', 'z', 'zoom', 'the console fills the screen, or no longer'),
  after('scroll', '[', 'scroll back', 'scroll back: ↑ ↓ PgUp PgDn g G; Esc ends it'),
] satisfies readonly KeyEntry[];

/**
 * Ctrl+a is held back until the next key: one of `prefixKeys`, or any other, which is sent after it.
 * Every other key goes to the guest at once.
 */
export function prefixStep(state: PrefixState, key: string): { state: PrefixState; action: PrefixAction } {
  if (state === 'idle') {
    if (key === 'ctrl+a') return { state: 'armed', action: { kind: 'none' } };
    return { state: 'idle', action: { kind: 'send', withPrefix: false, key: true } };
  }
  const meant = commandOf(prefixKeys, key, 'prefix')?.id ?? null;
  if (meant === null) return { state: 'idle', action: { kind: 'send', withPrefix: true, key: true } };
  return { state: 'idle', action: meant === 'send-prefix' ? { kind: 'send', withPrefix: true, key: false } : { kind: meant } };
}
