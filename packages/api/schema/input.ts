import {
  changeSpecSchema,
  createNetworkSchema,
  createSpecSchema,
  diskFormats,
  importImageSchema,
  labelsSchema,
  macSchema,
  pathSchema,
  vmNameSchema,
} from '@mvirt/domain';
import { z } from 'zod';
import { consoleStartSchema } from './console.ts';
import { maxConsoleMessageBytes } from './console-limit.ts';
import { maxImagePieceBytes } from './image-piece.ts';

/** An id, a name or an id's first characters: the agent looks it up. */
const vm = z.string().min(1, 'must name a VM').max(256);
const ofVm = { vm };

/** Where a subscription goes on after a reconnect; set by tRPC. */
const lastEventId = z.string().max(200).nullish();
const timeMs = z.int().min(0);
const milliseconds = z.int().min(0);
const bytes = z.instanceof(Uint8Array<ArrayBufferLike>).refine((value) => value.byteLength <= maxConsoleMessageBytes, 'must be at most 64 KiB');

const ofImport = { id: z.string().min(1).max(64) };
const headerText = z.string().regex(/^[\x21-\x7e][\x20-\x7e]{0,510}$/, 'must be the text of a header');

/** What each procedure takes; unknown keys are refused. */
export const inputs = {
  vm: z.strictObject(ofVm),
  resolve: z.strictObject({ ...ofVm, careful: z.boolean().default(false) }),
  create: createSpecSchema,
  set: z.strictObject({
    ...ofVm,
    name: vmNameSchema.optional(),
    vcpus: z.int('must be a whole number').min(1, 'must be at least 1').optional(),
    memoryMib: z.int().min(64, 'must be at least 64 MiB').optional(),
    maxVcpus: z.int('must be a whole number').min(1, 'must be at least 1').nullable().optional(),
    maxMemoryMib: z.int().min(64, 'must be at least 64 MiB').nullable().optional(),
    cmdline: z.string().max(65_535).nullable().optional(),
    userData: z.string().max(1_048_576).nullable().optional(),
    /** null removes a label. */
    labels: z.record(labelsSchema.keyType, labelsSchema.valueType.nullable()).optional(),
    restart: changeSpecSchema.shape.restart,
    autostart: changeSpecSchema.shape.autostart,
  }),
  /** graceMs null: waits for the guest without limit. */
  stop: z.strictObject({ ...ofVm, graceMs: milliseconds.nullable().default(30_000) }),
  drain: z.strictObject({ graceMs: milliseconds.nullable().default(90_000) }),
  attachDisk: z.strictObject({ ...ofVm, path: pathSchema, readonly: z.boolean().default(false), format: z.enum(diskFormats).optional() }),
  detachDisk: z.strictObject({ ...ofVm, path: z.string().min(1).max(4095) }),
  attachNic: z.strictObject({
    ...ofVm,
    tap: z.string().min(1).max(15).optional(),
    mac: macSchema.optional(),
    network: z.string().min(1).max(64).optional(),
    ips: z.array(z.string().max(64)).max(2).optional(),
  }),
  detachNic: z.strictObject({ ...ofVm, mac: macSchema }),
  wait: z.strictObject({ ...ofVm, state: z.enum(['running', 'stopped', 'ip', 'ssh']), timeoutMs: milliseconds.nullable().default(null) }),
  readEvents: z.strictObject({ since: z.int().min(0).nullable().default(null), vm: vm.optional(), limit: z.int().min(1).max(10_000).default(100) }),
  watchEvents: z.strictObject({ since: z.int().min(0).nullable().default(null), vm: vm.optional(), lastEventId }),
  readLog: z.strictObject({ ...ofVm, sinceMs: timeMs.nullable().default(null), limit: z.int().min(1).max(10_000).default(200) }),
  watchLog: z.strictObject({ ...ofVm, sinceMs: timeMs.nullable().default(null), tail: z.int().min(0).max(10_000).default(20), lastEventId }),
  attachConsole: z.strictObject({ ...ofVm, from: consoleStartSchema.default({ kind: 'all' }), lastEventId }),
  /** answering: the cursor behind the question that the guest asked and a terminal, not its user, now answers. */
  writeConsole: z.strictObject({ ...ofVm, bytes, answering: z.string().max(200).optional() }),
  /** since: the reading that is known already; null: none. */
  usage: z.strictObject({ since: z.int().nullable().default(null) }),
  sshTarget: z.strictObject({ ...ofVm, keysWithinMs: z.int().min(0).max(600_000).default(0) }),
  network: z.strictObject({ name: z.string().min(1).max(64) }),
  createNetwork: createNetworkSchema.extend({ dryRun: z.boolean().default(false) }),
  removeNetwork: z.strictObject({ name: z.string().min(1).max(64), dryRun: z.boolean().default(false) }),
  image: z.strictObject({ name: z.string().min(1).max(64) }),
  beginImport: importImageSchema,
  import: z.strictObject(ofImport),
  /** validator: the source's ETag or time, as If-Range takes them; null: it has none. */
  followImport: z.strictObject({ ...ofImport, offset: z.int().min(0), validator: headerText.nullable() }),
  writeImport: z.strictObject({
    ...ofImport,
    offset: z.int().min(0),
    bytes: z.instanceof(Uint8Array<ArrayBufferLike>).refine((value) => value.byteLength <= maxImagePieceBytes, 'must be at most 2 MiB'),
    /** That follow the bytes. */
    zeros: z.int().min(0).max(maxImagePieceBytes).default(0),
  }),
  listFolder: z.strictObject({ path: pathSchema }),
};
