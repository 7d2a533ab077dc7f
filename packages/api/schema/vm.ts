import { diskFormats, exitCauseKinds, hypervisorKinds, observedStates, restartPolicies } from '@mvirt/domain';
import { z } from 'zod';

const time = z.iso.datetime().describe('RFC 3339, UTC');

/** A VM as `--json` shows it and as tRPC sends it. Absent is null. */
export const vmSchema = z.object({
  id: z.string(),
  name: z.string().nullable(),
  state: z.enum(observedStates),
  /** False while its VMM lives and does not answer. */
  responsive: z.boolean(),
  /** True where it should be up: started and not asked to stop. */
  keepRunning: z.boolean(),
  vcpus: z.int(),
  memoryBytes: z.int(),
  /** What it may be given while it runs; null: what it is started with. */
  maxVcpus: z.int().nullable(),
  maxMemoryBytes: z.int().nullable(),
  hypervisor: z.enum(hypervisorKinds).nullable(),
  pid: z.int().nullable(),
  createdAt: time,
  startedAt: time.nullable(),
  lastExit: z.object({ at: time, cause: z.enum(exitCauseKinds), detail: z.string(), hint: z.string().nullable() }).nullable(),
  kernel: z.string().nullable(),
  initramfs: z.string().nullable(),
  cmdline: z.string().nullable(),
  firmware: z.string().nullable(),
  disks: z.array(z.object({ path: z.string(), readonly: z.boolean(), format: z.enum(diskFormats) })),
  /** The stored image that its own disk was made of; null: it has no such disk. */
  image: z.string().nullable(),
  /** Who logs in to that image's guests; null: not known. */
  imageUser: z.string().nullable(),
  /** The path of the disk that was made for it, and goes with it; null: none. */
  ownDisk: z.string().nullable(),
  nics: z.array(
    z.object({
      mac: z.string(),
      tap: z.string().nullable(),
      network: z.string().nullable().describe("a network's name, bridge:NAME, or null for a TAP of the user's own"),
      kept: z.array(z.string()).describe('what its network keeps for it'),
      addresses: z.array(z.string()).describe('what its guest was seen to have'),
    }),
  ),
  labels: z.record(z.string(), z.string()),
  restart: z.enum(restartPolicies),
  /** When its policy, or a boot of the host, starts it; null: nothing is waited for. */
  nextStartAt: time.nullable(),
  /** Restarts by its policy in a row; a run of a minute ends the row. */
  restartAttempts: z.int(),
  autostart: z.boolean(),
  /** Its place in the order of a boot; null: no autostart. */
  autostartOrder: z.int().nullable(),
  /** How long the next one waits after it. */
  autostartDelaySeconds: z.number().nullable(),
  /** What changes at its next start, by field; null: nothing. */
  pending: z.record(z.string(), z.unknown()).nullable(),
  /** Why an action cannot be had, by name; actions that can be had are left out. */
  unavailable: z.record(z.string(), z.string()),
});

export type Vm = z.output<typeof vmSchema>;

const { shape } = vmSchema;
const [disk, nic] = [shape.disks.element, shape.nics.element];

/** A VM as commands print it: what a server that speaks gRPC cannot tell (`mvirt --server`) is null too. */
export const vmDocumentSchema = vmSchema.extend({
  state: shape.state.nullable(),
  responsive: shape.responsive.nullable(),
  keepRunning: shape.keepRunning.nullable(),
  disks: z.array(disk.extend({ format: disk.shape.format.nullable() })),
  nics: z.array(nic.extend({ mac: nic.shape.mac.nullable(), kept: nic.shape.kept.nullable(), addresses: nic.shape.addresses.nullable() })),
  labels: shape.labels.nullable(),
  restart: shape.restart.nullable(),
  restartAttempts: shape.restartAttempts.nullable(),
  autostart: shape.autostart.nullable(),
  unavailable: shape.unavailable.nullable(),
});

export type VmDocument = z.output<typeof vmDocumentSchema>;
