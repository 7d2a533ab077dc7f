import type { DoctorCheck } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import type { Programs } from '@mvirt/host';
import { z } from 'zod';
import { ok, warning } from './check.ts';

const id = 'network.forwarding';
const title = "what VMs' networks send";
const timeoutMs = 10_000;

/** Of `nft --json list ruleset` what can stop a packet (libnftables-json(5)). */
const chainSchema = z.object({ family: z.string(), table: z.string(), name: z.string(), hook: z.string().optional(), policy: z.string().optional() });
const ruleSchema = z.object({ family: z.string(), table: z.string(), chain: z.string(), expr: z.array(z.record(z.string(), z.unknown())) });
const rulesetSchema = z.object({ nftables: z.array(z.object({ chain: chainSchema.optional(), rule: ruleSchema.optional() })) });

type Chain = z.output<typeof chainSchema>;
type Rule = z.output<typeof ruleSchema>;

/** Rules of others on this host that drop what guests send out, or ask of the host. Changes nothing. */
export async function checkForwarding(programs: Pick<Programs, 'find' | 'run'>): Promise<DoctorCheck[]> {
  if (programs.find('nft') === null) return [];
  try {
    const { stdout } = await programs.run(['nft', '--json', 'list', 'ruleset'], { timeoutMs });
    return judgeRuleset(stdout);
  } catch (thrown) {
    return [warning(id, title, `the rules of this host could not be read: ${toMvirtError(thrown).message}`, 'run mvirt doctor as root')];
  }
}

/** Each chain of others at a hook that guests' packets pass, and that lets through only what it names. */
export function judgeRuleset(text: string): DoctorCheck[] {
  const parsed = rulesetSchema.safeParse(parseJson(text));
  if (!parsed.success) return [warning(id, title, 'nft answered what cannot be read', null)];
  const rules = parsed.data.nftables.flatMap(({ rule }) => rule ?? []);
  const chains = parsed.data.nftables.flatMap(({ chain }) => chain ?? []);
  const strict = chains.filter((chain) => isOthers(chain) && dropsTheRest(chain, rules) && !namesNetworks(chain, rules));
  if (strict.length === 0) return [ok(id, title, 'no rule of another drops it')];
  return strict.map((chain) => warning(`${id}.${chain.family}.${chain.table}.${chain.name}`, title, inWords(chain), remedy(chain)));
}

const families = ['ip', 'ip6', 'inet'];

const isOthers = ({ family, table, hook }: Chain): boolean =>
  families.includes(family) && (hook === 'forward' || hook === 'input') && !(table === 'mvirt' || table.startsWith('mvirt-'));

/** By its policy, or by a last rule that drops or rejects whatever is left. */
function dropsTheRest(chain: Chain, rules: readonly Rule[]): boolean {
  if (chain.policy === 'drop') return true;
  const words =
    rulesOf(chain, rules)
      .at(-1)
      ?.expr.map((part) => Object.keys(part)[0] ?? '') ?? [];
  return words.some((word) => word === 'drop' || word === 'reject') && words.every((word) => ['drop', 'reject', 'counter', 'log'].includes(word));
}

const rulesOf = (chain: Chain, rules: readonly Rule[]): Rule[] =>
  rules.filter((rule) => rule.family === chain.family && rule.table === chain.table && rule.chain === chain.name);

/** Somebody has thought of them: a rule of the chain's table names the bridges of networks. */
const namesNetworks = (chain: Chain, rules: readonly Rule[]): boolean =>
  rules.some((rule) => rule.family === chain.family && rule.table === chain.table && JSON.stringify(rule.expr).includes('"mv-'));

const inWords = ({ family, table, name, hook }: Chain): string =>
  `the chain ${name} of the table ${family} ${table} drops what it does not name: ${
    hook === 'forward' ? 'guests on networks of mvirt do not get out' : 'guests on networks of mvirt get no addresses and no names from this host'
  }, unless another of its rules lets them`;

function remedy({ family, table, name, hook }: Chain): string {
  const rule = (match: string) => `nft insert rule ${family} ${table} ${name} ${match} accept`;
  if (hook === 'input') return rule('iifname "mv-*" meta l4proto { tcp, udp } th dport { 53, 67, 547 }');
  return `${rule('iifname "mv-*"')}; ${rule('oifname "mv-*"')}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The schema refuses it, and says so.
    return null;
  }
}
