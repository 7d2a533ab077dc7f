import { inputs } from '../schema/input.ts';
import { defined } from './defined.ts';
import { toAction, toCreated, toDeleted, toDrained, toNotice, toSet, toVm } from './documents.ts';
import { stream } from './stream.ts';
import type { Trpc } from './trpc.ts';

/** VMs. Actions answer when they are done; a client that hangs up ends its own wait, never what has begun; only an attach is taken back. */
export function vmRouter({ router, procedure }: Trpc) {
  const action = procedure.input(inputs.vm);
  return router({
    list: procedure.query(({ ctx }) => ctx.services.vms.list().map(toVm)),
    get: procedure.input(inputs.vm).query(({ ctx: { services }, input }) => toVm(services.vms.get(services.vms.resolve(input.vm, { careful: false })))),
    /** The VM that an id, a name or an id's first characters mean. */
    resolve: procedure.input(inputs.resolve).query(({ ctx: { services }, input }) => {
      const { id, name } = services.vms.get(services.vms.resolve(input.vm, { careful: input.careful }));
      return { id: String(id), name };
    }),
    create: procedure
      .input(inputs.create)
      .mutation(async ({ ctx: { services, hungUp }, input }) => toCreated(await services.vms.create(input, { signal: hungUp }))),
    set: procedure.input(inputs.set).mutation(async ({ ctx: { services, hungUp }, input: { vm, ...change } }) => {
      return toSet(await services.vms.set(services.vms.resolve(vm, { careful: false }), defined(change), { signal: hungUp }));
    }),
    start: action.mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.start(services.vms.resolve(input.vm, { careful: false }), { signal: hungUp }));
    }),
    stop: procedure.input(inputs.stop).mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.stop(services.vms.resolve(input.vm, { careful: false }), { graceMs: input.graceMs, signal: hungUp }));
    }),
    kill: action.mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.kill(services.vms.resolve(input.vm, { careful: true }), { signal: hungUp }));
    }),
    drain: procedure.input(inputs.drain).mutation(async ({ ctx: { services, hungUp }, input }) => {
      return (await services.vms.drain({ graceMs: input.graceMs, signal: hungUp })).map(toDrained);
    }),
    reboot: action.mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.reboot(services.vms.resolve(input.vm, { careful: false }), { signal: hungUp }));
    }),
    pause: action.mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.pause(services.vms.resolve(input.vm, { careful: false }), { signal: hungUp }));
    }),
    resume: action.mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.resume(services.vms.resolve(input.vm, { careful: false }), { signal: hungUp }));
    }),
    delete: action.mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toDeleted(await services.vms.delete(services.vms.resolve(input.vm, { careful: true }), { signal: hungUp }));
    }),
    attachDisk: procedure.input(inputs.attachDisk).mutation(async ({ ctx: { services, hungUp }, input: { vm, ...disk } }) => {
      return toAction(await services.vms.attachDisk(services.vms.resolve(vm, { careful: false }), defined(disk), { signal: hungUp }));
    }),
    detachDisk: procedure.input(inputs.detachDisk).mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.detachDisk(services.vms.resolve(input.vm, { careful: false }), input.path, { signal: hungUp }));
    }),
    attachNic: procedure.input(inputs.attachNic).mutation(async ({ ctx: { services, hungUp }, input: { vm, ...nic } }) => {
      return toAction(await services.vms.attachNic(services.vms.resolve(vm, { careful: false }), defined(nic), { signal: hungUp }));
    }),
    detachNic: procedure.input(inputs.detachNic).mutation(async ({ ctx: { services, hungUp }, input }) => {
      return toAction(await services.vms.detachNic(services.vms.resolve(input.vm, { careful: false }), input.mac, { signal: hungUp }));
    }),
    wait: procedure.input(inputs.wait).mutation(async ({ ctx: { services, hungUp }, input }) => {
      const id = services.vms.resolve(input.vm, { careful: false });
      return toVm(await services.vms.wait(id, input.state, { timeoutMs: input.timeoutMs, signal: hungUp }));
    }),
    blockStats: procedure.input(inputs.vm).query(({ ctx: { services, hungUp }, input }) => {
      return services.vms.blockStats(services.vms.resolve(input.vm, { careful: false }), { signal: hungUp });
    }),
    /** All VMs, then each change. After a reconnect it begins with all VMs again, which replace what was known. */
    watch: procedure.subscription(({ ctx }) => {
      return stream(
        ctx,
        (signal) => ctx.services.vms.watch({ signal }),
        (notice) => [toNotice(notice)],
      );
    }),
  });
}
