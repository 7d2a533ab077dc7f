import { MvirtError, type VmId, vmLabel } from '@mvirt/domain';

/** A hint's commands with the VM's own name in them: "mvirt stop VM" becomes "mvirt stop web"; other words stay. */
export const hintFor = (hint: string, vm: { id: VmId; name: string | null }): string =>
  hint.replaceAll(/\b(mvirt [a-z-]+) VM\b/g, (_, command: string) => `${command} ${typed(vm)}`);

/** As a shell takes it: names that another daemon gave may hold anything. */
function typed({ id, name }: { id: VmId; name: string | null }): string {
  const word = [name ?? '', id].find((text) => /^\w[\w.-]*$/.test(text));
  return word ?? `'${id.replaceAll("'", "'\\''")}'`;
}

/** What was thrown below the engine knows no VM's name: here it gets it, in its message and its hint. */
export function namingVm(thrown: unknown, vm: { id: VmId; name: string | null }): unknown {
  if (!(thrown instanceof MvirtError)) return thrown;
  const { code, message, cause } = thrown;
  const hint = hintFor(thrown.hint, vm);
  const named = code === 'INVALID_ARGUMENT' || message.includes(`VM ${vmLabel(vm)}`) || message.includes(vm.id);
  if (named && hint === thrown.hint) return thrown;
  return new MvirtError({ code, message: named ? message : `VM ${vmLabel(vm)}: ${message}`, hint, cause: cause ?? thrown });
}
