import { asVmId, type ContractCreate, MvirtError, vmLabel } from '@mvirt/domain';
import type { ActionResult, Services, VmSnapshot } from '@mvirt/engine';
import { type CreateVmRequest, type Empty, int64ToNumber, type ListVmsResponse, type StopVmRequest, type Vm, type VmRequest } from '../wire/index.ts';
import { type CallDeps, unary } from './call.ts';
import { toVm } from './vm-message.ts';

/** VMs come and go, start and stop. Our idempotent verbs are refused here where they find nothing to do, as the contract's are. */
export function vmMethods({ vms }: Pick<Services, 'vms'>, deps: CallDeps) {
  return {
    CreateVm: unary<CreateVmRequest, Vm>(deps, 'CreateVm', async (request, { note }) => {
      const { vm, warnings } = await vms.createFromContract(toCreate(request));
      if (warnings.length > 0) note(warnings.join('\n'));
      return toVm(vm);
    }),
    GetVm: unary<VmRequest, Vm>(deps, 'GetVm', ({ id }) => toVm(vms.get(asVmId(id)))),
    ListVms: unary<Empty, ListVmsResponse>(deps, 'ListVms', () => ({ vms: vms.list().map(toVm) })),
    DeleteVm: unary<VmRequest, Empty>(deps, 'DeleteVm', async ({ id }, { signal }) => {
      await vms.delete(asVmId(id), { signal });
      return {};
    }),
    StartVm: unary<VmRequest, Vm>(deps, 'StartVm', async ({ id }, { signal }) => {
      const before = vms.get(asVmId(id));
      if (before.condition.observed !== 'stopped') throw already(before);
      return toVm(done(await vms.start(before.id, { signal })));
    }),
    StopVm: unary<StopVmRequest, Vm>(deps, 'StopVm', async ({ id, timeout_seconds }, { signal }) => {
      const before = vms.get(asVmId(id));
      const { observed } = before.condition;
      if (observed !== 'running' && observed !== 'paused') throw notRunning(before);
      return toVm(done(await vms.stop(before.id, { graceMs: timeout_seconds === 0 ? null : timeout_seconds * 1000, signal })));
    }),
    KillVm: unary<VmRequest, Vm>(deps, 'KillVm', async ({ id }, { signal }) => {
      const before = vms.get(asVmId(id));
      if (before.condition.observed === 'stopped') throw notRunning(before);
      return toVm((await vms.kill(before.id, { signal })).vm);
    }),
  };
}

function toCreate({ id, name, config }: CreateVmRequest): ContractCreate {
  if (config === null) throw new MvirtError({ code: 'INVALID_ARGUMENT', message: 'config is required' });
  return {
    ...(id === undefined ? {} : { id }),
    ...(name === undefined ? {} : { name }),
    config: { ...config, memory_mb: int64ToNumber(config.memory_mb) },
  };
}

/** Somebody else's command came in between and did it. */
function done({ vm, changed }: ActionResult): VmSnapshot {
  if (!changed) throw already(vm);
  return vm;
}

const already = (vm: VmSnapshot): MvirtError => new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmLabel(vm)} is ${vm.condition.observed} already` });

const notRunning = (vm: VmSnapshot): MvirtError =>
  new MvirtError({ code: 'WRONG_STATE', message: `VM ${vmLabel(vm)} is not running: it is ${vm.condition.observed}` });
