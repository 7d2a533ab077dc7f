import { toMvirtError } from '@mvirt/domain';
import type { StoredVm } from '@mvirt/store';
import type { EngineContext } from './context.ts';
import { hearAgain, recoverVm } from './recovery.ts';
import type { Supervisors } from './supervisors.ts';

/** Looks again and again whether what is stored is what the host shows. Facts are told as they happen; this is for one that was missed. */
export interface Reconciler {
  begin(): void;
  end(): void;
}

const everyMs = 30_000;

export function createReconciler(context: EngineContext, supervisors: Supervisors): Reconciler {
  const { store, clock, log } = context;
  let timer: Disposable | null = null;

  const reconcile = async ({ id }: StoredVm): Promise<void> => {
    try {
      const supervisor = supervisors.of(id);
      const found = supervisor.reconcile();
      const vm = found === 'settled' ? null : store.vms.get(id);
      if (vm === null) return;
      if (found === 'unheard') return await hearAgain(context, supervisor, vm);
      log.warn('nobody watched a VM that is up: looking for its VMM', { vm: id });
      await recoverVm(context, supervisor, vm);
    } catch (thrown) {
      log.error('a VM could not be reconciled; it is tried again', { vm: id, error: toMvirtError(thrown).message });
    }
  };

  const round = async (): Promise<void> => {
    store.keepReserve();
    // Stopped VMs without a restart have nothing to be looked at: no supervisor is made for them.
    const vms = store.vms.list().filter(({ id, condition }) => condition.observed !== 'stopped' || condition.restart?.dueAtMs != null || context.taps.owes(id));
    await Promise.all(vms.map(reconcile));
  };

  const begin = (): void => {
    timer = clock.after(everyMs, () => {
      round()
        .catch((thrown) => log.error('VMs could not be reconciled', { error: toMvirtError(thrown).message }))
        .finally(() => timer !== null && begin());
    });
  };

  return {
    begin,
    end() {
      timer?.[Symbol.dispose]();
      timer = null;
    },
  };
}
