import type { Host } from '@mvirt/host';
import type { HypervisorDriver, Vmm } from '@mvirt/hypervisor';
import type { ManagedNetworks, Network } from '@mvirt/network';
import type { Store } from '@mvirt/store';

/** What happens at the chosen call: the agent is gone (nothing of it acts any more), or the call fails. */
export type Fault = { kind: 'death' } | { kind: 'failure'; error: (port: string) => Error };

/** Counts the calls that an operation makes to its ports, and lets one of them be the agent's last, or fail. */
export interface FaultPoints {
  store(real: Store): Store;
  network(real: Network): Network;
  managed(real: ManagedNetworks): ManagedNetworks;
  /** Programs that are run. */
  host(real: Host): Host;
  driver(real: HypervisorDriver): HypervisorDriver;
  /** From now on calls count. at null: nothing happens to any of them. */
  arm(at: number | null, fault: Fault): void;
  /** The calls since arm(), by name. Nothing counts any more, and a dead agent's successor may act. */
  disarm(): string[];
  /** Resolves when the agent has died. */
  readonly died: Promise<void>;
}

type Call = (...args: unknown[]) => unknown;

export function createFaultPoints(): FaultPoints {
  let calls: string[] | null = null;
  let at: number | null = null;
  let fault: Fault = { kind: 'death' };
  let dead = false;
  let death = Promise.withResolvers<void>();

  const die = (): void => {
    dead = true;
    death.resolve();
  };

  /** What a call answers that is not carried out; null: it is. */
  const refused = (port: string, method: string): Error | null => {
    if (dead) return new Error('the agent is dead');
    if (calls === null) return null;
    calls.push(`${port}.${method}`);
    if (calls.length - 1 !== at) return null;
    if (fault.kind === 'failure') return fault.error(port);
    die();
    return new Error('the agent dies here');
  };

  /** Each method of an object (and of the objects in it) is a point. Those that answer at once are told as such: a dead agent's promises never settle. */
  const tapped = <T extends object>(target: T, port: string, sync: boolean, wrap: (value: unknown) => unknown = (value) => value): T =>
    new Proxy(target, {
      get(object, key, receiver) {
        const value: unknown = Reflect.get(object, key, receiver);
        if (typeof value === 'object' && value !== null && sync) return tapped(value, port, sync, wrap);
        if (typeof value !== 'function' || typeof key !== 'string' || quiet.has(key)) return value;
        const method: Call = (...args) => {
          const error = refused(port, key);
          if (error === null) return wrap((value as Call).apply(object, args));
          if (sync) throw error;
          return dead ? new Promise(() => {}) : Promise.reject(error);
        };
        return method;
      },
    });

  const vmm = (real: unknown): unknown => (real instanceof Promise ? real.then((known: Vmm) => tapped(known, 'vmm', false)) : real);
  return {
    store: (real) => tapped(real, 'store', true),
    network: (real) => tapped(real, 'network', false),
    managed: (real) => tapped(real, 'managed', false),
    host: (real) => ({ ...real, programs: tapped(real.programs, 'programs', false) }),
    driver: (real) => ({
      ...tapped(real, 'driver', false),
      launch: tapped(real, 'driver', false, vmm).launch,
      adopt: tapped(real, 'driver', false, vmm).adopt,
    }),
    arm(next, how) {
      calls = [];
      at = next;
      fault = how;
      death = Promise.withResolvers<void>();
    },
    disarm() {
      const made = calls ?? [];
      calls = null;
      at = null;
      dead = false;
      return made;
    },
    get died() {
      return death.promise;
    },
  };
}

/** Reads of memory, and what ends things: an agent that dies there has done nothing. */
const quiet = new Set([
  ...['rights', 'check', 'listen', 'close', 'capabilities', 'kind'],
  ...['get', 'list', 'names', 'live', 'findByName', 'lastSeq', 'since', 'last'],
  ...['server', 'leases', 'left', 'watch', 'find'],
]);
