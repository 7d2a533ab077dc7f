import type { HostDocument } from '@mvirt/api/schema';
import type { ConnectionState } from '../stores/agent.ts';
import { inGib } from './format.ts';
import { fitSpans, type Span, span, spansWidth, type Tone } from './span.ts';
import { plainText } from './text.ts';

/** short: the same in fewer cells. */
type Part = { spans: Span[]; short?: Span[]; rank: number };

/** The header, exactly `width` cells: what can be said shorter is, then what matters less is left out, the connection last. Figures of an agent that is away are greyed. */
export function headerLine(options: { width: number; host: HostDocument | null; running: number; connection: ConnectionState }): Span[] {
  const { width, host, running, connection } = options;
  const tone = (fresh: Tone): Tone => (connection.status === 'connected' ? fresh : 'dim');
  const parts: Part[] = [{ spans: [span(' mvirt ', 'title')], rank: 1 }];
  if (host !== null) {
    const [load, ...older] = host.load.map((value) => value.toFixed(2));
    const name = plainText(host.hostname);
    parts.push({ spans: [span(`host: ${name}`, tone('strong'))], short: [span(name, tone('strong'))], rank: 5 });
    parts.push({ spans: [span(`CPU ${host.allocatedCpus}/${host.cpus}`, tone('plain'))], rank: 3 });
    parts.push({ spans: [span(`RAM ${inGib(host.allocatedMemoryBytes)}/${inGib(host.memoryBytes)} GiB`, tone('plain'))], rank: 4 });
    parts.push({ spans: [span(['load', load, ...older].join(' '), tone('plain'))], short: [span(`load ${load}`, tone('plain'))], rank: 6 });
  }
  parts.push({ spans: [span(`${running} running`, tone(running > 0 ? 'good' : 'plain'))], rank: 2 });
  parts.push({ spans: connectionSpans(connection), rank: 0 });
  return fitSpans(joined(fitting(parts, width)), width);
}

function fitting(parts: readonly Part[], width: number): Part[] {
  const kept = [...parts];
  while (kept.length > 1 && totalWidth(kept) > width) {
    const longer = worst(kept.filter((part) => part.short !== undefined));
    const least = longer ?? worst(kept);
    if (least === null) break;
    kept.splice(kept.indexOf(least), 1, ...(longer?.short ? [{ spans: longer.short, rank: longer.rank }] : []));
  }
  return kept;
}

const worst = (parts: readonly Part[]): Part | null =>
  parts.reduce<Part | null>((found, each) => (found === null || each.rank > found.rank ? each : found), null);

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
