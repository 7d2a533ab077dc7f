import { shells } from '../../completion/scripts.ts';
import type { CommandDefinition } from '../definition.ts';

export const agentCommands: readonly CommandDefinition[] = [
  {
    name: 'doctor',
    summary: 'what this host can do for VMs, and how to mend the rest; needs no agent',
    arguments: [],
    options: [
      { name: 'data-dir', value: 'PATH', summary: "the agent's data directory", completes: 'file' },
      { name: 'fix', summary: 'take away what VMs that are gone have left: processes, TAPs, folders, rows' },
    ],
    examples: ['mvirt doctor', 'mvirt doctor --fix', 'mvirt doctor --json'],
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
    name: 'agent drain',
    summary: 'stop all VMs gracefully, because the host goes down; they are started again after its boot',
    arguments: [],
    options: [{ name: 'timeout', short: 't', value: 'SECONDS', summary: 'how long the guests may take, all at once; 0: without limit', defaultText: '90' }],
    examples: ['mvirt agent drain', 'mvirt agent drain -t 60 --json'],
    load: () => import('./drain.ts'),
  },
  {
    name: 'version',
    summary: 'versions of this program and of the agent',
    arguments: [],
    options: [],
    examples: ['mvirt version'],
    overGrpc: true,
    load: () => import('./version.ts'),
  },
  {
    name: 'completion',
    summary: 'print what makes a shell complete commands, options and names of VMs',
    arguments: [{ name: 'SHELL', summary: shells.join(', '), required: true, choices: shells }],
    options: [],
    examples: ['source <(mvirt completion bash)', 'mvirt completion zsh > ~/.zfunc/_mvirt', 'mvirt completion fish > ~/.config/fish/completions/mvirt.fish'],
    load: () => import('./completion.ts'),
  },
];
