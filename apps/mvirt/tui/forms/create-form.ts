import { type CreateInput, createSpecSchema, toMvirtError } from '@mvirt/domain';
import { memoryMib, network, sizeBytes, wholeNumber } from '../../cli/values.ts';
import { shellLine } from '../layout/format.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Agent } from '../stores/agent.ts';
import { type Errors, type Form, type Values, withoutOption } from './form.ts';
import type { OwnFiles } from './own-files.ts';

/** Each with the option of `mvirt create` that says the same. */
const fields = [
  { id: 'name', label: 'Name', kind: 'text', option: '--name', example: 'web-1' },
  { id: 'image', label: 'Image', kind: 'image', option: '--image', example: 'a stored one, of which its disk is made; none: no such disk' },
  { id: 'diskSize', label: 'Disk size', kind: 'text', option: '--disk-size', example: '20G; none: as large as the image' },
  { id: 'disk', label: 'Disk', kind: 'file', option: '--disk', example: '/srv/vm/data.qcow2, one of yours; it boots without image and kernel' },
  { id: 'kernel', label: 'Kernel', kind: 'file', option: '--kernel', example: '/srv/vm/vmlinuz; none: boot from the disk' },
  { id: 'initramfs', label: 'Initramfs', kind: 'file', option: '--initramfs', example: '/srv/vm/initrd.img' },
  { id: 'cmdline', label: 'Cmdline', kind: 'text', option: '--cmdline', example: 'console=ttyS0 root=/dev/vda1' },
  { id: 'vcpus', label: 'vCPUs', kind: 'text', option: '--vcpus', example: '1' },
  { id: 'memory', label: 'Memory', kind: 'text', option: '--memory', example: '512 (MiB), 512M or 2G' },
  { id: 'network', label: 'Network', kind: 'text', option: '--network', example: 'default, another, bridge:NAME, tap=NAME; none: no network' },
  { id: 'userData', label: 'User data', kind: 'own-file', option: '--user-data', example: './web.yaml (cloud-init)' },
  { id: 'sshKey', label: 'SSH key', kind: 'own-file', option: '--ssh-key', example: '~/.ssh/id_ed25519.pub' },
] as const;

type FieldId = (typeof fields)[number]['id'];

const agentWords: Record<string, FieldId> = {
  ...Object.fromEntries(fields.map(({ id }) => [id, id])),
  disks: 'disk',
  diskSizeBytes: 'diskSize',
  'disk-size': 'diskSize',
  memoryMib: 'memory',
  nics: 'network',
  sshKeys: 'sshKey',
};

const initial: Record<FieldId, string> = {
  name: '',
  image: '',
  diskSize: '',
  disk: '',
  kernel: '',
  initramfs: '',
  cmdline: '',
  vcpus: '1',
  memory: '512',
  network: 'default',
  userData: '',
  sshKey: '',
};

/** What `mvirt create` does without the option. */
const standard: Partial<Record<FieldId, string>> = { vcpus: '1', memory: '512' };

/** The form for a new VM. */
export function createForm(deps: { agent: Agent; files: OwnFiles }): Form {
  const text = (values: Values, id: FieldId): string => (values[id] ?? '').trim();
  const fieldOf = (name: string): string | undefined => agentWords[name];

  const optionValue = (values: Values, id: FieldId, kind: string): string => {
    if (id === 'disk') return text(values, id).replaceAll(',', ',,');
    return kind === 'own-file' ? deps.files.path(text(values, id)) : text(values, id);
  };

  async function read(values: Values): Promise<{ errors: Errors; input: CreateInput }> {
    const errors: Record<string, string> = {};
    const tried = async <T>(id: FieldId, make: (text: string) => T | Promise<T>): Promise<T | null> => {
      const given = text(values, id);
      if (given === '') return null;
      try {
        return await make(given);
      } catch (error) {
        errors[id] = withoutOption(toMvirtError(error).message);
        return null;
      }
    };
    const own = (path: string): Promise<string> => deps.files.read(deps.files.path(path));
    const vcpus = await tried('vcpus', (given) => wholeNumber(given, 'vcpus'));
    const memory = await tried('memory', memoryMib);
    const nic = await tried('network', network);
    const userData = await tried('userData', own);
    const keys = await tried('sshKey', own);
    const diskSizeBytes = await tried('diskSize', (given) => sizeBytes(given, 'disk-size'));
    const disk = text(values, 'disk');
    const name = text(values, 'name');
    const input: CreateInput = {
      ...(name === '' ? {} : { name }),
      vcpus: vcpus ?? 1,
      memoryMib: memory ?? 512,
      kernel: text(values, 'kernel') || null,
      initramfs: text(values, 'initramfs') || null,
      cmdline: text(values, 'cmdline') || null,
      firmware: null,
      image: text(values, 'image') || null,
      diskSizeBytes,
      disks: disk === '' ? [] : [{ path: disk, readonly: false }],
      nics: nic === null ? [] : [nic],
      userData,
      sshKeys: (keys ?? '').split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#')),
      labels: {},
    };
    for (const issue of createSpecSchema.safeParse(input).error?.issues ?? []) errors[fieldOf(String(issue.path[0] ?? '')) ?? 'form'] ??= issue.message;
    return { errors, input };
  }

  return {
    title: 'Create a VM',
    fields,
    buttons: ['Create', 'Create and start'],
    initial,
    fieldOf,
    line: (values, button) =>
      shellLine([
        'mvirt',
        'create',
        ...fields
          .filter(({ id }) => text(values, id) !== '' && text(values, id) !== standard[id])
          .flatMap(({ id, option, kind }) => [option, optionValue(values, id, kind)]),
        ...(button === 1 ? ['--start'] : []),
      ]),
    async prepare(values, button) {
      const { errors, input } = await read(values);
      if (Object.keys(errors).length > 0) return { errors };
      return {
        errors: null,
        async send(signal) {
          const { vm, warnings } = await deps.agent.create(input, { signal });
          if (button !== 1) return { text: `${vmLabel(vm)} was created; s starts it`, warnings, vm };
          try {
            const started = await deps.agent.act('start', vm.id, { signal });
            return { text: `${vmLabel(vm)} was created and started`, warnings, vm: started.vm };
          } catch (error) {
            const { message, hint } = toMvirtError(error);
            return { text: `${vmLabel(vm)} was created`, warnings: [...warnings, `it did not start: ${message}; ${hint}`], vm };
          }
        },
      };
    },
  };
}
