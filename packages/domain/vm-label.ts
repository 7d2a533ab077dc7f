import { MvirtError } from './error.ts';

/** How messages name a VM: by its name, else by its id. A name that is empty names nothing. */
export const vmLabel = (vm: { id: string; name: string | null }): string => vm.name || vm.id;

export const vmNotFound = (reference: string): MvirtError => new MvirtError({ code: 'VM_NOT_FOUND', message: `VM ${reference} not found` });
