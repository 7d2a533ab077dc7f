import type { Vm } from '@mvirt/api/schema';
import { isVmAlone } from '@mvirt/domain/vm-resolve';

/** How a command line names a VM: by its name where that means this VM alone and looks like no option, else by its id. */
export function vmWord(vm: Pick<Vm, 'id' | 'name'>, all: readonly Pick<Vm, 'id' | 'name'>[]): string {
  const { id, name } = vm;
  if (name === null || name === '' || name.startsWith('-') || /\p{Cc}/u.test(name)) return id;
  return isVmAlone(all, name, id) ? name : id;
}
