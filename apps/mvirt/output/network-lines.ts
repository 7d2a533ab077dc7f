import type { NetworkChange, NetworkDocument } from '@mvirt/api/schema';
import { printable, table } from './table.ts';
import { nameOf } from './vm-lines.ts';

/** One line a network. */
export function networkTable(networks: readonly NetworkDocument[]): string {
  const rows = networks.map((network) => [
    { text: printable(network.name) },
    { text: network.bridge },
    { text: network.ipv4 ?? '-' },
    { text: network.ipv6 ?? '-' },
    { text: `${network.nics.length}`, right: true },
    { text: stateOf(network) },
  ]);
  return table(['NAME', 'BRIDGE', 'IPV4', 'IPV6', 'NICS', 'STATE'], rows);
}

/** Everything of one network, a field a line. */
export function networkDetails(network: NetworkDocument): string {
  const lines: [string, string][] = [
    ['name', network.name],
    ['state', stateOf(network)],
    ['bridge', network.bridge],
    ['ipv4', network.ipv4 ?? 'none'],
    ['ipv6', network.ipv6 ?? 'none'],
    ['host', network.gateways.join(', ')],
    ['names', `VM.${network.domain}`],
    ['spoof guard', network.spoofGuard ? 'on' : 'off'],
    ['created', network.createdAt],
    ...(network.serverPid === null ? [] : [['server', `dnsmasq, pid ${network.serverPid}`] as [string, string]]),
    ...network.nics.map(({ vmId, vmName, mac, kept, addresses }): [string, string] => [
      'nic',
      [nameOf({ id: vmId, name: vmName }), mac, `kept ${kept.join(' and ')}`, ...(addresses.length === 0 ? [] : [`has ${addresses.join(' and ')}`])].join(', '),
    ]),
  ];
  return `${lines.map(([key, value]) => `${key.padEnd(11)}  ${printable(value)}`.trimEnd()).join('\n')}\n`;
}

export function createdLine(network: NetworkDocument): string {
  const subnets = [network.ipv4, network.ipv6].filter((subnet) => subnet !== null).join(' and ');
  return printable(`${network.name}: created, ${subnets} on the bridge ${network.bridge}`).concat('\n');
}

/** What is or would be run, as a shell script that says why. */
export function stepLines(steps: NetworkChange['steps']): string {
  if (steps.length === 0) return '# nothing to do\n';
  return steps
    .map(({ argv, input, why }) => {
      const command = printable(argv.map(shellWord).join(' '));
      const here = input === null ? '' : ` <<'EOF'\n${input.split('\n').map(visible).join('\n').replace(/\n*$/, '\n')}EOF`;
      return `# ${printable(why)}\n${command}${here}\n`;
    })
    .join('');
}

/** Rules are indented with tabs; nothing else of the kind comes through. */
const visible = (line: string): string => line.split('\t').map(printable).join('\t');

const shellWord = (word: string): string => (/^[A-Za-z0-9_@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`);

const stateOf = ({ fault, serverPid }: NetworkDocument): string =>
  fault !== null ? `broken: ${printable(fault)}` : serverPid === null ? 'not made yet' : 'up';
