import { observedStates } from '@mvirt/domain';
import { z } from 'zod';
import { deletedDisksSchema, errorSchema } from './action.ts';
import { apiVersion } from './api-version.ts';
import { doctorReportSchema } from './doctor.ts';
import { eventSchema, followedEventSchema, logLineSchema } from './event.ts';
import { imageSchema } from './image.ts';
import { networkChangeSchema, networkSchema } from './network.ts';
import { sshCommandSchema } from './ssh.ts';
import { vmDocumentSchema, vmSchema } from './vm.ts';

const document = <T extends z.ZodRawShape>(shape: T) => z.strictObject({ apiVersion: z.literal(apiVersion), ...shape });

const one = document({ vm: vmDocumentSchema });
const ofAgent = document({ vm: vmSchema });

const oneImage = document({ image: imageSchema });

const results = document({
  results: z.array(
    z.strictObject({
      /** null where the VM could not be told: name is then what was asked for. */
      id: z.string().nullable(),
      name: z.string().nullable(),
      changed: z.boolean(),
      state: z.enum(observedStates).nullable(),
      note: z.string().nullable(),
      /** Of a VM that was deleted: which disks went with it, and which stay; null: nothing was deleted, or the server does not say. */
      disks: deletedDisksSchema.nullable(),
      error: errorSchema.nullable(),
    }),
  ),
});

/** What each command prints under `--json`; streams print one such object a line. docs/schema is generated from it. */
export const commandDocuments = {
  list: document({ vms: z.array(vmDocumentSchema) }),
  get: one,
  create: one,
  /** note: why a running VM did not take its new size at once. */
  set: document({ vm: vmSchema, note: z.string().nullable() }),
  wait: ofAgent,
  action: results,
  /** droppedTo: events up to this number are kept no longer; 0: all are. */
  events: document({ events: z.array(eventSchema), droppedTo: z.number().int() }),
  'events-follow': document(followedEventSchema.shape),
  logs: document({ lines: z.array(logLineSchema) }),
  'logs-follow': document(logLineSchema.shape),
  'network-ls': document({ networks: z.array(networkSchema) }),
  'network-show': document({ network: networkSchema }),
  'network-create': document({ ...networkChangeSchema.shape, dryRun: z.boolean() }),
  'network-rm': document({ ...networkChangeSchema.shape, dryRun: z.boolean() }),
  ssh: document({ ssh: sshCommandSchema }),
  cp: document({ ssh: sshCommandSchema }),
  version: document({ version: z.string(), commit: z.string().nullable(), date: z.iso.datetime().nullable(), agentVersion: z.string().nullable() }),
  completion: document({ shell: z.string(), script: z.string() }),
  'image-import': oneImage,
  'image-ls': document({ images: z.array(imageSchema) }),
  'image-show': oneImage,
  'image-rm': oneImage,
  doctor: document(doctorReportSchema.shape),
  error: document({ error: errorSchema }),
} as const;

/** Which document a command line prints; commands that act on VMs share one. */
export function documentOf([noun = '', verb = '']: readonly string[]): keyof typeof commandDocuments {
  const known = (name: string): name is keyof typeof commandDocuments => name in commandDocuments;
  const ofNoun = `${noun}-${verb}`;
  if (known(ofNoun)) return ofNoun;
  return known(noun) ? noun : 'action';
}
