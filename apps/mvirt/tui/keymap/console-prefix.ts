export type PrefixState = 'idle' | 'armed';

/** What a key in the console pane does. send: the held prefix goes before it where `withPrefix`. */
export type PrefixAction = { kind: 'none' } | { kind: 'send'; withPrefix: boolean; key: boolean } | { kind: 'leave' } | { kind: 'zoom' } | { kind: 'scroll' };

/**
 * Ctrl+a is held back until the next key: `t` leaves, `z` zooms, `[` scrolls back, Ctrl+a sends one Ctrl+a,
 * any other key is sent after it. Every other key goes to the guest at once.
 */
export function prefixStep(state: PrefixState, key: string): { state: PrefixState; action: PrefixAction } {
  if (state === 'idle') {
    if (key === 'ctrl+a') return { state: 'armed', action: { kind: 'none' } };
    return { state: 'idle', action: { kind: 'send', withPrefix: false, key: true } };
  }
  switch (key) {
    case 't':
      return { state: 'idle', action: { kind: 'leave' } };
    case 'z':
      return { state: 'idle', action: { kind: 'zoom' } };
    case '[':
      return { state: 'idle', action: { kind: 'scroll' } };
    case 'ctrl+a':
      return { state: 'idle', action: { kind: 'send', withPrefix: true, key: false } };
    default:
      return { state: 'idle', action: { kind: 'send', withPrefix: true, key: true } };
  }
}
