const numberDigits = 15;
const bootMark = 'TINY up: ';
const told = /^(\r|TINY (button|bye|no acpi|(pci|cpu) (up|ejected) [0-9a-f]{8})\r)$/;

/** Reads what bare-metal guests print that were booted with `numbers`: every byte follows from the one before. */
export interface NumberedLines {
  /** @throws Error at a byte that is missing, doubled or wrong */
  push(bytes: Uint8Array): void;
  bytes(): number;
  boots(): number;
  /** The number that comes next. */
  next(): number;
}

export function createNumberedLines(what: string): NumberedLines {
  let rest = '';
  let bytes = 0;
  let boots = 0;
  let next = 0;

  const wrong = (line: string): Error => new Error(`${what}: ${JSON.stringify(line)} before byte ${bytes}, where number ${next} was to come`);
  const expected = (): string => String(next).padStart(numberDigits, '0');

  /** What the boot before had begun to print when its VMM was killed, or it was reset. */
  const isBegun = (cut: string): boolean => expected().startsWith(cut) || 'TINY '.startsWith(cut) || /^TINY [a-z]+( [a-z0-9 ]*)?\r?$/.test(cut) || cut === '\r';

  const read = (line: string): void => {
    const boot = line.lastIndexOf(bootMark);
    if (boot >= 0) {
      if (!isBegun(line.slice(0, boot))) throw wrong(line);
      boots += 1;
      next = 0;
      return;
    }
    if (told.test(line)) return;
    if (boots === 0 || line !== expected()) throw wrong(line);
    next += 1;
  };

  return {
    push(more) {
      const lines = (rest + Buffer.from(more).toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        read(line);
        bytes += line.length + 1;
      }
    },
    bytes: () => bytes,
    boots: () => boots,
    next: () => next,
  };
}
