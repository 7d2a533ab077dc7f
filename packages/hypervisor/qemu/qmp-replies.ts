import { z } from 'zod';

const timestamp = z.object({ seconds: z.number(), microseconds: z.number() });

/** Lines that QEMU sends (QEMU's docs/interop/qmp-spec). Unknown keys are left out. */
const greeting = z.object({ QMP: z.looseObject({}) });
const returned = z.object({ return: z.unknown(), id: z.number().optional() });
const refused = z.object({ error: z.object({ class: z.string(), desc: z.string() }), id: z.number().optional() });
const event = z
  .object({
    event: z.string(),
    timestamp,
    data: z.object({ reason: z.string().optional(), guest: z.boolean().optional(), device: z.string().optional() }).default({}),
  })
  .transform(({ event, timestamp, data }) => ({ event, data, atMs: timestamp.seconds * 1000 + timestamp.microseconds / 1000 }));

export type QmpEvent = z.output<typeof event>;
export type QmpLine =
  | { kind: 'greeting' }
  | { kind: 'return'; id: number | undefined; value: unknown }
  | { kind: 'error'; id: number | undefined; class: string; desc: string }
  | { kind: 'event'; event: QmpEvent };

/** One line of QMP; null: nothing that QEMU is known to say. */
export function parseLine(line: string): QmpLine | null {
  const value = parseJson(line);
  if (typeof value !== 'object' || value === null) return null;
  if ('event' in value) return wrap(event.safeParse(value), (event) => ({ kind: 'event', event }));
  if ('return' in value) return wrap(returned.safeParse(value), (reply) => ({ kind: 'return', id: reply.id, value: reply.return }));
  if ('error' in value) return wrap(refused.safeParse(value), ({ id, error }) => ({ kind: 'error', id, class: error.class, desc: error.desc }));
  return wrap(greeting.safeParse(value), () => ({ kind: 'greeting' }));
}

function wrap<T>(parsed: { success: true; data: T } | { success: false }, make: (data: T) => QmpLine): QmpLine | null {
  return parsed.success ? make(parsed.data) : null;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Not JSON: the caller is told by null.
    return null;
  }
}

export const anything = z.unknown();

export const statusReply = z.object({ status: z.string(), running: z.boolean() });

/** The properties of an object, of qom-list. */
export const objectsReply = z.array(z.object({ name: z.string(), type: z.string() }));

export const kvmReply = z.object({ enabled: z.boolean() });

/** path null: a CPU that could be added; place: its number among the cores. */
export const cpusReply = z.array(
  z
    .object({ type: z.string(), 'qom-path': z.string().nullable().default(null), props: z.record(z.string(), z.number()) })
    .transform(({ type: driver, 'qom-path': path, props }) => ({ driver, path, props, place: props['core-id'] ?? 0 })),
);

/** In bytes. */
export const memoryReply = z
  .object({ 'base-memory': z.number(), 'plugged-memory': z.number().default(0) })
  .transform(({ 'base-memory': base, 'plugged-memory': plugged }) => base + plugged);

export const blockStatsReply = z.array(
  z.object({
    'node-name': z.string().default(''),
    stats: z.object({ rd_bytes: z.number(), wr_bytes: z.number(), rd_operations: z.number(), wr_operations: z.number() }),
  }),
);
