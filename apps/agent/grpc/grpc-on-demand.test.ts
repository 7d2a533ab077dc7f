import { expect, test } from 'bun:test';
import { Socket } from 'node:net';
import type { GrpcServer, GrpcServerDeps } from '@mvirt/api/grpc';
import { doubleServices } from '@mvirt/testkit/double-services';
import { createGrpcOnDemand } from './grpc-on-demand.ts';

function bench() {
  const served: Socket[] = [];
  const loads: PromiseWithResolvers<GrpcServer>[] = [];
  const defects: string[] = [];
  let closes = 0;
  const server: GrpcServer = {
    accept: (socket) => void served.push(socket),
    clients: () => served.length,
    async close() {
      closes += 1;
    },
  };
  const deps: GrpcServerDeps = { services: doubleServices(), version: '1', onDefect: (failure, method) => void defects.push(`${method}: ${failure.message}`) };
  const door = createGrpcOnDemand(deps, () => {
    const load = Promise.withResolvers<GrpcServer>();
    loads.push(load);
    return load.promise;
  });
  return { door, server, served, loads, defects, closes: () => closes };
}

test('nobody comes: nothing is loaded, and there is nothing to close', async () => {
  const { door, loads, closes } = bench();
  await door.close();
  expect([loads.length, closes()]).toEqual([0, 0]);
});

test('many first clients at once: one server for all, and one that leaves meanwhile is not served', async () => {
  const { door, server, served, loads, closes } = bench();
  const sockets = Array.from({ length: 20 }, () => new Socket());
  const accepted = sockets.map((socket) => door.accept(socket));
  sockets[7]?.emit('error', new Error('reset'));
  expect(served).toEqual([]);
  loads[0]?.resolve(server);
  await Promise.all(accepted);
  expect(loads).toHaveLength(1);
  expect(served).toEqual(sockets.filter((_socket, at) => at !== 7));
  await door.close();
  expect(closes()).toBe(1);
});

test('closed while it loads: nobody is served, nor who comes later', async () => {
  const { door, server, served, loads, closes } = bench();
  const [early, late] = [new Socket(), new Socket()];
  const accepted = door.accept(early);
  const closed = door.close();
  loads[0]?.resolve(server);
  await Promise.all([accepted, closed, door.accept(late)]);
  expect([served.length, early.destroyed, late.destroyed, closes(), loads.length]).toEqual([0, true, true, 1, 1]);
});

test('what cannot be loaded is told, and tried again for the next client; closing meanwhile fails for nobody', async () => {
  const { door, server, served, loads, defects } = bench();
  const [first, second] = [new Socket(), new Socket()];
  const refused = door.accept(first);
  loads[0]?.reject(new Error('no such module'));
  await refused;
  expect([first.destroyed, defects]).toEqual([true, ['connect: no such module']]);
  const accepted = door.accept(second);
  loads[1]?.resolve(server);
  await accepted;
  expect(served).toEqual([second]);
  const third = bench();
  const waiting = third.door.accept(new Socket());
  const closed = third.door.close();
  third.loads[0]?.reject(new Error('no such module'));
  await Promise.all([waiting, closed]);
});
