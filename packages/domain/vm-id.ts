import { z } from 'zod';

/** 1 to 64 of [A-Za-z0-9._-], not starting with a dot or dash: safe as a folder's name and as an argument. */
export const vmIdSchema = z
  .string()
  .regex(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$/, 'must be 1 to 64 of A-Z a-z 0-9 . _ - and not start with a dot or dash')
  .brand<'VmId'>();

export type VmId = z.infer<typeof vmIdSchema>;

/** An id that was checked before (read from our own table): only branded here. */
export const asVmId = (id: string): VmId => id as VmId;
