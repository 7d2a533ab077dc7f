import { bootOf, bytesPerMib, type Disk, type LaunchNic, type RunRecord, type VmSpec } from '@mvirt/domain';
import { diskDevice, nicDevice } from '../device-names.ts';
import { isUuid, seedDisk } from '../launch-parts.ts';
import { sockets } from '../run-files.ts';
import { filesOf } from './run-files.ts';

export type LaunchPlan = {
  argv: string[];
  /** The body of vm.create. */
  config: Record<string, unknown>;
  /** What the user should know. */
  notes: string[];
};

export type LaunchPlanInput = { program: string; run: RunRecord; spec: VmSpec; seedImage: string | null };

/** An empty VMM's command line and the VM that it is then told to make, as plain data. */
export function planLaunch({ program, run, spec, seedImage }: LaunchPlanInput): LaunchPlan {
  const disks = [...run.disks, ...(seedImage === null ? [] : [seedDisk(seedImage)])];
  const config = {
    cpus: { boot_vcpus: spec.vcpus, max_vcpus: Math.max(spec.vcpus, spec.maxVcpus ?? 0), nested: spec.nestedVirt },
    memory: memory(spec),
    payload: payload(spec),
    ...(isUuid(run.vmId) ? { platform: { uuid: run.vmId } } : {}),
    disks: disks.map(diskConfig),
    net: run.nics.map(nicConfig),
    rng: { src: '/dev/urandom' },
    serial: { mode: 'Tty' },
    // Its default is Tty: the serial line would be shared.
    console: { mode: 'Off' },
    pvpanic: true,
  };
  const qcow2 = run.disks.find(({ format }) => format === 'qcow2');
  const notes = qcow2 ? [`${qcow2.path} is qcow2, which cloud-hypervisor has damaged before (docs/cloud-hypervisor.md): raw images are safer`] : [];
  return { argv: argvOf(program, run), config, notes };
}

/** Relative names: the run directory's own path may be longer than a socket's address. Its seccomp filters stay on by default. */
function argvOf(program: string, run: RunRecord): string[] {
  return [program, '--api-socket', `path=${sockets.api}`, '--event-monitor', `path=${filesOf(run).eventsOut}`, '--no-shutdown'];
}

/** What may be added while it runs, by ACPI, is room behind what it boots with. */
function memory({ memoryMib, maxMemoryMib }: VmSpec): Record<string, number> {
  const room = (maxMemoryMib ?? 0) - memoryMib;
  return { size: memoryMib * bytesPerMib, ...(room > 0 ? { hotplug_size: room * bytesPerMib } : {}) };
}

function payload(spec: VmSpec): Record<string, string> {
  const boot = bootOf(spec);
  if (boot.kind === 'firmware') return boot.path === null ? {} : { firmware: boot.path };
  const { kernel, initramfs, cmdline } = boot;
  return { kernel, ...(initramfs === null ? {} : { initramfs }), ...(cmdline === null || cmdline === '' ? {} : { cmdline }) };
}

/** For vm.create and vm.add-disk. The format is always said: a guest may write any header onto its own disk. */
export function diskConfig({ path, readonly, format }: Disk): Record<string, unknown> {
  const image = format === 'raw' ? { image_type: 'Raw' } : { image_type: 'Qcow2', backing_files: true };
  return { id: diskDevice(path), path, readonly, ...image };
}

/** For vm.create and vm.add-net: a TAP that exists. Its MTU and its state are the network's affair. */
export const nicConfig = ({ tap, mac }: LaunchNic): Record<string, unknown> => ({ id: nicDevice(mac), tap, mac });
