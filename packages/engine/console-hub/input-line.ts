import { MvirtError, toMvirtError } from '@mvirt/domain';
import type { SerialInput } from '@mvirt/host';

/** The way to the guest's serial line during one run. */
export interface InputLine {
  /** Whole messages, in the order of the calls; the line below bounds what waits. @throws CONSOLE_READ_ONLY, TOO_MANY, TIMEOUT, CANCELLED */
  write(bytes: Uint8Array, options: { signal?: AbortSignal }): Promise<void>;
  close(): void;
}

/** A line that cannot be opened makes the console read-only, with its reason; it never fails the run. */
export function createInputLine({ vmId, open }: { vmId: string; open: () => Promise<SerialInput> }): InputLine {
  let closed = false;
  const line: Promise<SerialInput | MvirtError> = opened(open, vmId);
  return {
    async write(bytes, options) {
      const input = await line;
      if (input instanceof MvirtError) throw input;
      if (closed) throw new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmId} is not running: its console takes no input` });
      await input.write(bytes, options);
    },
    close() {
      closed = true;
      void line.then((input) => {
        if (!(input instanceof MvirtError)) input.close();
      });
    },
  };
}

async function opened(open: () => Promise<SerialInput>, vmId: string): Promise<SerialInput | MvirtError> {
  try {
    return await open();
  } catch (thrown) {
    const cause = toMvirtError(thrown);
    if (cause.code === 'CONSOLE_READ_ONLY') return cause;
    return new MvirtError({ code: 'CONSOLE_READ_ONLY', message: `the console of VM ${vmId} takes no input: ${cause.message}`, cause });
  }
}
