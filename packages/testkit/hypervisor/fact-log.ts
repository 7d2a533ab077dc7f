import type { Vmm, VmmFact } from '@mvirt/hypervisor';
import { waitFor } from '../wait-for.ts';

export type FactLog = {
  facts: VmmFact[];
  count(kind: VmmFact['kind']): number;
  until<K extends VmmFact['kind']>(kind: K, timeoutMs?: number): Promise<Extract<VmmFact, { kind: K }>>;
};

/** Listens to a VMM and keeps what it tells. */
export function listenTo(vmm: Vmm): FactLog {
  const facts: VmmFact[] = [];
  vmm.listen((fact) => facts.push(fact));
  const is =
    <K extends VmmFact['kind']>(kind: K) =>
    (fact: VmmFact): fact is Extract<VmmFact, { kind: K }> =>
      fact.kind === kind;
  return {
    facts,
    count: (kind) => facts.filter(is(kind)).length,
    until: (kind, timeoutMs = 10_000) => waitFor(`the fact ${kind} (told: ${JSON.stringify(facts)})`, () => facts.find(is(kind)) ?? null, { timeoutMs }),
  };
}
