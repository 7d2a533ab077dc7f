import { bootOf, type CreateInput, defaultFormat, MvirtError } from '@mvirt/domain';
import { BootMode, type CreateVmRequest, type DiskConfig, int64, type NicConfig } from '../../wire/index.ts';
import { uint32 } from './uint32.ts';

/** A create request in the contract's words. @throws INVALID_ARGUMENT naming an option that it has no words for */
export function toCreateRequest(input: CreateInput): CreateVmRequest {
  const { id, name, vcpus = 1, memoryMib = 512, kernel, initramfs, cmdline, firmware, disks = [], nics = [], userData, ...rest } = input;
  for (const [key, value] of Object.entries(rest)) if (isSaid(key, value)) throw refusal(optionOf(key));
  const boot = kernel ?? (firmware ? asKernel(firmware) : null);
  return {
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    config: {
      vcpus: uint32(vcpus, '--vcpus'),
      memory_mb: int64(memoryMib),
      ...(boot === null ? {} : { kernel: boot }),
      ...(initramfs ? { initramfs } : {}),
      ...(cmdline ? { cmdline } : {}),
      disks: disks.map(toDisk),
      nics: nics.map(toNic),
      ...(userData ? { user_data: userData } : {}),
      // First-release servers do not know it; later ones take an absent one for DISK, whatever the kernel says.
      boot_mode: boot === null ? BootMode.DISK : BootMode.KERNEL,
      nested_virt: false,
    },
  };
}

/** Keys whose options have other names. */
const otherNames: Record<string, string> = { sshKeys: 'ssh-key', labels: 'label', maxMemoryMib: 'max-memory', diskSizeBytes: 'disk-size' };

const optionOf = (key: string): string => `--${otherNames[key] ?? key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;

/** What says nothing: a server takes it to be so. */
const unsaid: Record<string, string> = { hypervisor: '"auto"', restart: '"never"', sshKeys: '[]', labels: '{}' };

/** Whether a key that the contract does not have says anything. */
const isSaid = (key: string, value: unknown): boolean => value !== undefined && value !== null && JSON.stringify(value) !== unsaid[key];

function refusal(what: string, hint = 'leave it out, or create the VM through the agent of its host, without --server'): MvirtError {
  return new MvirtError({ code: 'INVALID_ARGUMENT', message: `${what}: cannot be said over gRPC`, hint });
}

/** The contract has one field for both, and tells them by the file's name. */
function asKernel(firmware: string): string {
  const boot = bootOf({ bootMode: 'unspecified', kernel: firmware, firmware: null, initramfs: null, cmdline: null });
  if (boot.kind === 'firmware') return firmware;
  throw refusal(`--firmware ${firmware}`, 'over gRPC a firmware is known by its name: hypervisor-fw, CLOUDHV.fd or OVMF.fd');
}

function toDisk({ path, readonly = false, format }: NonNullable<CreateInput['disks']>[number]): DiskConfig {
  checkFormat(path, format);
  return { path, readonly };
}

/** @throws INVALID_ARGUMENT where a format is not the one that the path's name says */
export function checkFormat(path: string, format: string | undefined): void {
  if (format !== undefined && format !== defaultFormat(path)) {
    throw refusal(`${path}: the format ${format}`, 'over gRPC a disk is qcow2 where its name ends in .qcow2, and else raw');
  }
}

type NicRequest = { tap?: string | null | undefined; mac?: string | null | undefined; network?: string | null | undefined; ips?: string[] | undefined };

/** A NIC in the contract's words: default is what the server makes of one without a TAP. @throws INVALID_ARGUMENT for any other network */
export function toNic({ tap, mac, network, ips = [] }: NicRequest): NicConfig {
  const said = [...(network && network !== 'default' ? [network] : []), ...ips.map((ip) => `ip=${ip}`)];
  if (said.length > 0) throw refusal(`--network ${said.join(',')}`, 'over gRPC there are default and tap=NAME: use the agent of its host, without --server');
  return { ...(tap ? { tap } : {}), ...(mac ? { mac } : {}) };
}
