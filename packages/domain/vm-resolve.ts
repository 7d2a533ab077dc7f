import { MvirtError } from './error.ts';
import { vmLabel, vmNotFound } from './vm-label.ts';

type Named = { id: string; name: string | null };

const minPrefix = 4;
const maxListed = 10;

/**
 * A full id, then an exact name, then a unique id prefix of 4 or more characters. careful: a name that is also another
 * VM's prefix is ambiguous. @throws VM_NOT_FOUND, AMBIGUOUS_VM listing the candidates
 */
export function resolveVm<T extends Named>(vms: readonly T[], reference: string, { careful }: { careful: boolean }): T {
  const candidates = candidatesFor(vms, reference, careful);
  const [only] = candidates;
  if (only === undefined) throw vmNotFound(reference);
  if (candidates.length > 1) throw ambiguous(reference, candidates);
  return only;
}

/** Whether a VM's own name means no other of these VMs, whatever the command. */
export const isVmAlone = (vms: readonly Named[], name: string, id: string): boolean => candidatesFor(vms, name, true).every((vm) => vm.id === id);

function candidatesFor<T extends Named>(vms: readonly T[], reference: string, careful: boolean): T[] {
  const byId = vms.find((vm) => vm.id === reference);
  if (byId) return [byId];
  const byName = vms.filter((vm) => vm.name === reference);
  const byPrefix = reference.length < minPrefix ? [] : vms.filter((vm) => vm.id.startsWith(reference));
  const others = careful || byName.length === 0 ? byPrefix.filter((vm) => !byName.includes(vm)) : [];
  return [...byName, ...others];
}

function ambiguous(reference: string, candidates: readonly Named[]): MvirtError {
  const listed = candidates.slice(0, maxListed).map((vm) => (vm.name === null ? vm.id : `${vmLabel(vm)} (${vm.id})`));
  const more = candidates.length > maxListed ? ` and ${candidates.length - maxListed} more` : '';
  return new MvirtError({ code: 'AMBIGUOUS_VM', message: `${reference} may be any of ${listed.join(', ')}${more}` });
}
