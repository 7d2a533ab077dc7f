import { tailOf } from '../tail.ts';

/** What cloud-hypervisor said since an offset of its messages, without its warnings, times and places; null: nothing. */
export function startWords(path: string, from: number): string | null {
  const said = tailOf(path, { lines: 20, from }) ?? '';
  const lines = said.split('\n').filter((line) => line !== '' && !/ (WARN|INFO):/.test(line));
  return lines.length === 0 ? null : lines.slice(0, 3).map(plain).join('; ');
}

/** `cloud-hypervisor:   0.12s: <vmm> ERROR:vmm/src/lib.rs:1 -- words` → `words`. */
const plain = (line: string): string => line.replace(/^cloud-hypervisor: +[\d.]+m?s: <[^>]*> \w+:\S+ -- /, '').trim();
