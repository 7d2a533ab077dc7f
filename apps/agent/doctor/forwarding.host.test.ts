import { expect, test } from 'bun:test';
import { execFileSync } from 'node:child_process';
import { createLinuxHost } from '@mvirt/host/linux';
import { netNamespace } from '@mvirt/testkit/net-namespace';
import { lackingForNetworks } from '@mvirt/testkit/network/linux-managed';
import { checkForwarding } from './forwarding.ts';

const missing = lackingForNetworks();
if (missing !== null) console.log(`skip: ${missing}`);

const chain = (hook: string, policy: string, rules = '') =>
  `chain ${hook} { type filter hook ${hook} priority filter; policy ${policy}; ${rules}${rules && ';'} };`;

test.skipIf(missing !== null)('rules of others that stop guests are found and named, with a rule that mends each; ours and harmless ones are not', async () => {
  const cases: [string, string[]][] = [
    ['', []],
    [`table inet filter { ${chain('forward', 'accept')} ${chain('input', 'accept')} }`, []],
    [`table ip filter { ${chain('forward', 'drop')} }`, ['forward of the table ip filter']],
    [`table inet fw { ${chain('forward', 'accept', 'ct state established accept; counter reject')} }`, ['forward of the table inet fw']],
    [`table inet fw { ${chain('input', 'drop', 'iifname "lo" accept')} }`, ['input of the table inet fw']],
    [`table inet fw { ${chain('forward', 'accept', 'tcp dport 25 drop')} }`, []],
    [`table inet mvirt-lab { ${chain('forward', 'drop')} }`, []],
    [`table bridge fw { ${chain('forward', 'drop')} }`, []],
  ];
  const { programs } = createLinuxHost();
  for (const [rules, named] of cases) {
    await using ns = await netNamespace();
    const nft = (words: string) => execFileSync(ns.enter[0] ?? '', [...ns.enter.slice(1), 'nft', words], { encoding: 'utf8' });
    if (rules !== '') nft(rules);
    const found = (await checkForwarding(ns.programs(programs))).filter(({ status }) => status !== 'ok');
    expect(found.map(({ detail }) => named.find((name) => detail.includes(name)) ?? detail)).toEqual(named);
    // What the hint says can be done, and is enough.
    for (const { hint } of found) for (const line of (hint ?? '').split('; ')) nft(line.replace(/^nft /, ''));
    expect((await checkForwarding(ns.programs(programs))).map(({ status }) => status)).toEqual(['ok']);
  }
});
