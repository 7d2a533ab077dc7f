import { errorCodes } from '@mvirt/domain';
import { z } from 'zod';
import { type VmDocument, vmSchema } from './vm.ts';

export const errorSchema = z.object({ code: z.enum(errorCodes), message: z.string(), hint: z.string() });
export type ErrorDocument = z.output<typeof errorSchema>;

/** What one action did to one VM, as tRPC answers it. */
export const actionResultSchema = z.object({ vm: vmSchema, changed: z.boolean(), note: z.string().nullable() });
export type ActionAnswer = z.output<typeof actionResultSchema>;

/** A deleted VM's disks, by path. */
export const deletedDisksSchema = z.object({ removed: z.array(z.string()), kept: z.array(z.string()) });
export type DeletedDisks = z.output<typeof deletedDisksSchema>;

export type DeleteAnswer = ActionAnswer & { disks: DeletedDisks };

/** The same as commands show it, from whichever door; disks: where something was deleted, and the door can tell. */
export type ActionDocument = Omit<ActionAnswer, 'vm'> & { vm: VmDocument; disks?: DeletedDisks };

/** What a drain did to one VM. */
export const drainedSchema = z.object({ vm: vmSchema, error: errorSchema.nullable() });
export type DrainAnswer = z.output<typeof drainedSchema>;

export const createdSchema = z.object({ vm: vmSchema, warnings: z.array(z.string()) });
export const setSchema = createdSchema.extend({ note: z.string().nullable() });
export type SetAnswer = z.output<typeof setSchema>;

export type CreatedAnswer = z.output<typeof createdSchema>;
