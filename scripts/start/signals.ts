import { constants } from 'node:os';

const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
type Name = (typeof names)[number];

/** The same signal comes twice within this time: from the terminal, and passed on by npm. */
const echoMs = 500;

/** What signals ask for, until the process ends. */
export type Wishes = {
  /** Aborted by the first: give up what is under way, and tidy up. */
  leave: AbortSignal;
  /** Aborted by a later one: without waiting for anybody. */
  hurry: AbortSignal;
  /** 128 and the number of the first signal; null where none came. */
  status(): number | null;
};

export function listenForSignals(): Wishes {
  const [leave, hurry] = [new AbortController(), new AbortController()];
  let first: { name: Name; atMs: number } | null = null;
  const heard = (name: Name): void => {
    if (first === null) {
      first = { name, atMs: performance.now() };
      leave.abort(new Error(`given up on ${name}`));
    } else if (performance.now() - first.atMs > echoMs) hurry.abort(new Error(name));
  };
  for (const name of names) process.on(name, () => heard(name));
  return { leave: leave.signal, hurry: hurry.signal, status: () => (first === null ? null : 128 + constants.signals[first.name]) };
}
