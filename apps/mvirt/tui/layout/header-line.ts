import type { HostDocument } from '@mvirt/api/schema';
import type { ConnectionState } from '../stores/agent.ts';
import { inGib } from './format.ts';
import { fitSpans, type Span, span, spansWidth } from './span.ts';
import { plainText } from './text.ts';

/** The header, exactly `width` cells: what matters less is left out first, the connection last. */
export function headerLine(options: { width: number; host: HostDocument | null; running: number; connection: ConnectionState }): Span[] {
  const { width, host, running, connection } = options;
  const parts: { spans: Span[]; rank: number }[] = [{ spans: [span(' mvirt ', 'title')], rank: 1 }];
  if (host !== null) {
    const load = host.load.map((value) => value.toFixed(2)).join(' ');
    parts.push({ spans: [span(`host: ${plainText(host.hostname)}`, 'strong')], rank: 5 });
    parts.push({ spans: [span(`CPU ${host.allocatedCpus}/${host.cpus}`)], rank: 3 });
    parts.push({ spans: [span(`RAM ${inGib(host.allocatedMemoryBytes)}/${inGib(host.memoryBytes)} GiB`)], rank: 4 });
    parts.push({ spans: [span(`load ${load}`)], rank: 6 });
  }
  parts.push({ spans: [span(`${running} running`, running > 0 ? 'good' : 'plain')], rank: 2 });
  parts.push({ spans: connectionSpans(connection), rank: 0 });
  const kept = [...parts];
  while (kept.length > 1 && totalWidth(kept) > width) {
    const worst = kept.reduce((found, each) => (each.rank > found.rank ? each : found));
    kept.splice(kept.indexOf(worst), 1);
  }
  return fitSpans(joined(kept), width);
}

/** Connection by symbol, word and colour; a lost one with the number of tries since. */
export function connectionSpans(connection: ConnectionState): Span[] {
  switch (connection.status) {
    case 'connected':
      return [span('● agent', 'good')];
    case 'connecting':
      return [span('◐ connecting', 'busy')];
    case 'silent':
      return [span(`! agent silent for ${connection.seconds} s`, 'bad')];
    case 'lost':
      return [span(`× agent lost, reconnecting (${connection.attempts})`, 'bad')];
  }
}

const separator = span(' │ ', 'border');
const joined = (parts: { spans: Span[] }[]): Span[] => parts.flatMap((part, index) => (index > 1 ? [separator, ...part.spans] : part.spans));
const totalWidth = (parts: { spans: Span[] }[]): number => spansWidth(joined(parts));
