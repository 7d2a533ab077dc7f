import { tailOf } from '../tail.ts';

/** What QEMU said since an offset of its messages, without its own name, the option and its warnings; null: nothing. */
export function startWords(path: string, from: number): string | null {
  const said = tailOf(path, { lines: 20, from }) ?? '';
  const lines = said.split('\n').filter((line) => line !== '' && !/^qemu-system-\S+: warning:/.test(line));
  return lines.length === 0 ? null : lines.slice(0, 3).map(plain).join('; ');
}

/** `qemu-system-x86_64: -device {"driver":…}: words` → `words`; JSON that we wrote ourselves has no ": " in it. */
const plain = (line: string): string => line.replace(/^qemu-system-[^:]+: (-[a-z]+ \{.*?\}: )?/, '');
