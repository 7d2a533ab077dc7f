import { MvirtError, type VmId } from '@mvirt/domain';

/** How messages name a VM: by its name, else by its id. */
export const vmLabel = (vm: { id: string; name: string | null }): string => vm.name ?? vm.id;

export const vmNotFound = (reference: string): MvirtError => new MvirtError({ code: 'VM_NOT_FOUND', message: `VM ${reference} not found` });

/** A hint's command with the VM's own name in it: "mvirt stop VM" becomes "mvirt stop web". */
export const hintFor = (hint: string, vm: { id: VmId; name: string | null }): string => hint.replaceAll(/\bVM\b/g, vmLabel(vm));
