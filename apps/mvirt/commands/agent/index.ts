import type { CommandDefinition } from '../definition.ts';

export const agentCommands: readonly CommandDefinition[] = [
  {
    name: 'doctor',
    summary: 'what this host can do for VMs, and how to mend the rest; needs no agent',
    arguments: [],
    options: [{ name: 'data-dir', value: 'PATH', summary: "the agent's data directory", completes: 'file' }],
    examples: ['mvirt doctor', 'mvirt doctor --json'],
    load: () => import('./doctor.ts'),
  },
  {
    name: 'agent',
    summary: 'run the agent',
    arguments: [],
    options: [],
    examples: ['mvirt agent', 'mvirt agent --help'],
    raw: true,
    load: () => import('./run.ts'),
  },
  {
    name: 'version',
    summary: 'versions of this program and of the agent',
    arguments: [],
    options: [],
    examples: ['mvirt version'],
    load: () => import('./version.ts'),
  },
];
