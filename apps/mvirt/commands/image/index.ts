import { diskFormats } from '@mvirt/domain/disk-format';
import type { ArgumentDefinition, CommandDefinition } from '../definition.ts';

const name: ArgumentDefinition = { name: 'NAME', summary: 'its name', required: true, completes: 'image' };

export const imageCommands: readonly CommandDefinition[] = [
  {
    name: 'image import',
    summary: 'store a disk image, from a file, a URL (gone on with after an interrupt) or standard input',
    arguments: [{ name: 'SOURCE', summary: 'a file of yours, an http or https URL, or - for standard input', required: true, completes: 'file' }],
    options: [
      { name: 'name', value: 'NAME', summary: '1 to 63 of a-z 0-9 . _ - (needed)' },
      { name: 'format', value: 'FORMAT', summary: 'what it is, for good', choices: diskFormats, defaultText: 'qcow2 where it says so itself, else raw' },
      { name: 'sha256', value: 'HEX', summary: 'refuse it unless it has this checksum, as it was published' },
      { name: 'user', value: 'NAME', summary: 'who logs in to its guests', defaultText: 'guessed by its name and source' },
    ],
    examples: [
      'mvirt image import debian-12-genericcloud-amd64.qcow2 --name debian-12',
      'mvirt image import https://cloud.example.org/noble.img --name noble --sha256 5ad2…',
      'xz -dc disk.raw.xz | mvirt image import - --name mine --format raw',
    ],
    load: () => import('./import.ts'),
  },
  {
    name: 'image ls',
    aliases: ['image list'],
    summary: 'list the stored images',
    arguments: [],
    options: [],
    examples: ['mvirt image ls', 'mvirt image ls --json'],
    load: () => import('./list.ts'),
  },
  {
    name: 'image show',
    aliases: ['image get'],
    summary: 'show one image and the VMs that need it',
    arguments: [name],
    options: [],
    examples: ['mvirt image show debian-12'],
    load: () => import('./show.ts'),
  },
  {
    name: 'image rm',
    aliases: ['image delete'],
    summary: 'remove an image that no VM needs',
    arguments: [name],
    options: [],
    examples: ['mvirt image rm debian-12'],
    load: () => import('./remove.ts'),
  },
];
