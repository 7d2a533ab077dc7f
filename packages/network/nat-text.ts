import { formatPrefix } from './ip.ts';
import { type ManagedNetwork, networkNames } from './managed.ts';

/**
 * The network's own nftables table, as `nft list table` shows it: its VMs reach out behind the host's addresses, and are
 * reached by answers only. Other tables are not touched, and can still drop what this one lets through.
 */
export function natTable(network: Pick<ManagedNetwork, 'name' | 'ipv4' | 'ipv6'>): string {
  const { bridge, table, ipv4, ipv6 } = networkNames(network);
  const masquerade = [
    ...(ipv4 === null ? [] : [`ip saddr ${formatPrefix(ipv4.prefix)} ip daddr != ${formatPrefix(ipv4.prefix)} oifname != "${bridge}" masquerade`]),
    ...(ipv6 === null ? [] : [`ip6 saddr ${formatPrefix(ipv6.prefix)} ip6 daddr != ${formatPrefix(ipv6.prefix)} oifname != "${bridge}" masquerade`]),
  ];
  return `table inet ${table} {
	chain postrouting {
		type nat hook postrouting priority srcnat; policy accept;
${masquerade.map((rule) => `\t\t${rule}\n`).join('')}	}

	chain forward {
		type filter hook forward priority filter; policy accept;
		iifname "${bridge}" oifname "${bridge}" accept
		oifname "${bridge}" ct state established,related accept
		oifname "${bridge}" drop
	}
}
`;
}

/** Replaces the table whole, in one transaction. */
export const replaceNat = (network: Pick<ManagedNetwork, 'name' | 'ipv4' | 'ipv6'>): string => {
  const { table } = networkNames(network);
  return `table inet ${table} {}\ndelete table inet ${table}\n${natTable(network)}`;
};
