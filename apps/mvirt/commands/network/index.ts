import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from '../definition.ts';

const name: ArgumentDefinition = { name: 'NAME', summary: '1 to 12 of a-z 0-9 -', required: true };
const dryRun: OptionDefinition = { name: 'dry-run', summary: 'show what would be done to the host, and do nothing' };

export const networkCommands: readonly CommandDefinition[] = [
  {
    name: 'network ls',
    aliases: ['network list'],
    summary: 'list the networks that mvirt keeps',
    arguments: [],
    options: [],
    examples: ['mvirt network ls', 'mvirt network ls --json'],
    load: () => import('./list.ts'),
  },
  {
    name: 'network create',
    summary: 'make a network: a bridge with addresses, names, and a way out',
    arguments: [name],
    options: [
      { name: 'ipv4', value: 'SUBNET|none', summary: 'such as 10.9.0.0/24', defaultText: 'one that is free' },
      { name: 'ipv6', value: 'PREFIX|none', summary: 'such as fd12:3456:789a::/64', defaultText: 'one that is free' },
      { name: 'spoof-guard', value: 'on|off', summary: 'whether a VM may send only with its own MAC and addresses', choices: ['on', 'off'], defaultText: 'on' },
      dryRun,
    ],
    examples: ['mvirt network create lab', 'mvirt network create lab --ipv4 10.9.0.0/24 --ipv6 none --dry-run'],
    load: () => import('./create.ts'),
  },
  {
    name: 'network show',
    aliases: ['network get'],
    summary: 'show one network and the VMs on it',
    arguments: [name],
    options: [],
    examples: ['mvirt network show default'],
    load: () => import('./show.ts'),
  },
  {
    name: 'network rm',
    aliases: ['network delete'],
    summary: 'take a network that no VM uses off the host, with its rules and leases',
    arguments: [name],
    options: [dryRun],
    examples: ['mvirt network rm lab', 'mvirt network rm lab --dry-run'],
    load: () => import('./remove.ts'),
  },
];
