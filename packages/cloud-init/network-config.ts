/**
 * Network configuration v2: each NIC by its MAC asks for an address by DHCPv4 and DHCPv6. Only netplan honours `match.name`;
 * without a MAC the other renderers configure a NIC called like the key (cloud-init issues 3229 and 6319).
 */
export function networkConfig(macs: readonly string[]): string {
  if (macs.length === 0) return 'version: 2\nethernets: {}\n';
  return `version: 2\nethernets:\n${macs.map(entry).join('')}`;
}

/** A second NIC without a DHCP server must not hold up the boot for two minutes; user-data may need the first. */
function entry(mac: string, index: number): string {
  const lines = [`  nic${index}:`, '    match:', `      macaddress: ${JSON.stringify(mac.toLowerCase())}`, '    dhcp4: true', '    dhcp6: true'];
  if (index > 0) lines.push('    optional: true');
  return `${lines.join('\n')}\n`;
}
