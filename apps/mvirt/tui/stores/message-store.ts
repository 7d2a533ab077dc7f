import { createSignal, onCleanup } from 'solid-js';
import type { Message } from '../layout/footer-lines.ts';
import type { Stop } from './agent.ts';
import type { Timers } from './timers.ts';

/** So long a message stays, whatever is pressed: one that comes between two keys must not be missed. */
const staysMs = 4000;

/** The last word about what was asked. It stays until somebody goes on after having had time to read it. */
export function createMessageStore(timers: Timers) {
  const [message, setMessage] = createSignal<Message | null>(null);
  let stop: Stop | null = null;
  const clear = (): void => {
    stop?.();
    stop = null;
    setMessage(null);
  };
  onCleanup(() => stop?.());
  return {
    message,
    say(text: string, tone: Message['tone'] = 'plain'): void {
      stop?.();
      setMessage({ text, tone });
      stop = timers.after(staysMs, () => {
        stop = null;
      });
    },
    clear,
    /** A key was pressed. What is under way goes on being told. */
    goOn(): void {
      if (stop === null && message()?.tone !== 'busy') setMessage(null);
    },
  };
}
