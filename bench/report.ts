import { holds, promised, type Row } from './row.ts';

export type Report = {
  /** Machine and versions, a line each. */
  setting: readonly string[];
  rows: readonly Row[];
  /** What could not be measured here, and why. */
  missing: readonly string[];
};

const figure = (value: number): string => (value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2));
const verdict = { true: 'yes', false: '**no**', null: '?' } as const;

/** docs/benchmarks.md, whole. */
export function reportText({ setting, rows, missing }: Report): string {
  const table = rows.map((row) => {
    const { what, ours, peer, unit } = row;
    const beside = peer === null ? '' : `${figure(peer.value)} ${unit} (${peer.name.replaceAll('|', '\\|')})`;
    const ratio = peer === null || peer.value === 0 ? '' : figure(ours / peer.value);
    const floor = row.floor === undefined ? '' : `; ${figure(row.floor.value)} ${unit} of it: ${row.floor.of}`;
    return `| ${what} | ${figure(ours)} ${unit}${floor} | ${beside} | ${ratio} | ${promised(row)} | ${verdict[`${holds(row)}`]} |`;
  });
  return `${[
    '# Benchmarks',
    '',
    'Written by `npm run bench`: do not edit. Medians, ours and the peer measured in turn in the same run; the promises are those of [promises.md](promises.md).',
    'A peer that is a program of others is set up by the benchmark itself in namespaces of its own, and nothing of it is left.',
    '',
    ...setting.map((line) => `- ${line}`),
    '',
    '| What | mvirt | Peer | Ratio | Promise | Holds |',
    '| --- | --- | --- | --- | --- | --- |',
    ...table,
    ...(missing.length === 0 ? [] : ['', 'Not measured here:', '', ...missing.map((line) => `- ${line}`)]),
  ].join('\n')}\n`;
}
