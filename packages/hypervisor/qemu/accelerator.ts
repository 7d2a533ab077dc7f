import { z } from 'zod';

/** How guests are run: found out by running one, never by what the host claims. */
export type Accelerator = { name: 'kvm'; cpu: 'host' | 'qemu64' } | { name: 'tcg'; cpu: 'max' };

export const accelerators: Accelerator[] = [
  { name: 'kvm', cpu: 'host' },
  { name: 'kvm', cpu: 'qemu64' },
  { name: 'tcg', cpu: 'max' },
];

/** As it is kept in the probe's cache. */
export const acceleratorSchema: z.ZodType<Accelerator> = z.discriminatedUnion('name', [
  z.object({ name: z.literal('kvm'), cpu: z.enum(['host', 'qemu64']) }),
  z.object({ name: z.literal('tcg'), cpu: z.literal('max') }),
]);
