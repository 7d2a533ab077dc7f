import { type CreateInput, createSpecSchema, type MvirtError } from '@mvirt/domain';
import { shellLine } from '../layout/format.ts';

export const createFields = [
  { id: 'name', label: 'Name', option: '--name', example: 'web-1' },
  { id: 'kernel', label: 'Kernel', option: '--kernel', example: '/srv/vm/vmlinuz; none: boot from the disk' },
  { id: 'initramfs', label: 'Initramfs', option: '--initramfs', example: '/srv/vm/initrd.img' },
  { id: 'cmdline', label: 'Cmdline', option: '--cmdline', example: 'console=ttyS0 root=/dev/vda1' },
  { id: 'disk', label: 'Disk', option: '--disk', example: '/srv/vm/web-1.qcow2' },
  { id: 'vcpus', label: 'vCPUs', option: '--vcpus', example: '1' },
  { id: 'memory', label: 'Memory', option: '--memory', example: '512 (MiB)' },
] as const;

export type CreateField = (typeof createFields)[number]['id'];
export type CreateValues = Record<CreateField, string>;
export type CreateErrors = Partial<Record<CreateField | 'form', string>>;

export const emptyCreate = (): CreateValues => ({ name: '', kernel: '', initramfs: '', cmdline: '', disk: '', vcpus: '1', memory: '512' });

/** The request that the form stands for, or what is wrong, by field. */
export function readCreate(values: CreateValues): { input: CreateInput; errors: null } | { input: null; errors: CreateErrors } {
  const vcpus = wholeNumber(values.vcpus);
  const memoryMib = wholeNumber(values.memory);
  const errors: CreateErrors = {};
  if (vcpus === null) errors.vcpus = 'must be a whole number';
  if (memoryMib === null) errors.memory = 'must be a whole number of MiB';
  const text = (field: CreateField): string | null => values[field].trim() || null;
  const disk = text('disk');
  const input: CreateInput = {
    ...(text('name') === null ? {} : { name: values.name.trim() }),
    kernel: text('kernel'),
    initramfs: text('initramfs'),
    cmdline: text('cmdline'),
    disks: disk === null ? [] : [{ path: disk }],
    ...(vcpus === null ? {} : { vcpus }),
    ...(memoryMib === null ? {} : { memoryMib }),
  };
  const parsed = createSpecSchema.safeParse(input);
  for (const issue of parsed.error?.issues ?? []) {
    const field = fieldOf(String(issue.path[0] ?? ''));
    errors[field] ??= issue.message;
  }
  return Object.keys(errors).length === 0 ? { input, errors: null } : { input: null, errors };
}

/** What the agent refused, beside the field that it names. */
export function refusedCreate(error: MvirtError): CreateErrors {
  const named = /^([a-zA-Z]+)[^:]*: (.*)$/.exec(error.message);
  const field = error.code === 'NAME_TAKEN' ? 'name' : error.code === 'INVALID_ARGUMENT' && named ? fieldOf(named[1] ?? '') : 'form';
  const text = field !== 'form' && error.code === 'INVALID_ARGUMENT' ? (named?.[2] ?? error.message) : error.message;
  return { [field]: field === 'form' ? `${text}; ${error.hint}` : text };
}

/** The `mvirt create …` line that does the same. */
export function createLine(values: CreateValues): string {
  const standard = emptyCreate();
  const given = createFields.filter(({ id }) => values[id].trim() !== '' && values[id].trim() !== (id === 'vcpus' || id === 'memory' ? standard[id] : ''));
  return shellLine([
    'mvirt',
    'create',
    ...given.flatMap(({ id, option }) => [option, id === 'disk' ? values[id].trim().replaceAll(',', ',,') : values[id].trim()]),
  ]);
}

const fields: Record<string, CreateField> = {
  name: 'name',
  kernel: 'kernel',
  initramfs: 'initramfs',
  cmdline: 'cmdline',
  disk: 'disk',
  disks: 'disk',
  vcpus: 'vcpus',
  memory: 'memory',
  memoryMib: 'memory',
};

const fieldOf = (name: string): CreateField | 'form' => fields[name] ?? 'form';

const wholeNumber = (text: string): number | null => (/^\d{1,9}$/.test(text.trim()) ? Number(text.trim()) : null);
