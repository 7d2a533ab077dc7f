import type { Vm } from '@mvirt/api/schema';
import { plainText } from './text.ts';
import { vmLabel } from './vm-row.ts';

/** What an action loses, in lines for people; every VM is named. */
export function whatIsLost(action: 'kill' | 'delete', vms: readonly Vm[]): string[] {
  const names = vms.map(vmLabel).join(', ');
  const one = vms.length === 1;
  if (action === 'kill')
    return [
      `${names} ${one ? 'is' : 'are'} powered off at once. What ${one ? 'its guest has' : 'their guests have'} in memory and not yet written to disk is lost.`,
    ];
  const own = vms.flatMap((vm) => (vm.ownDisk === null ? [] : [plainText(vm.ownDisk)]));
  const disks = vms.flatMap((vm) => vm.disks.filter((disk) => disk.path !== vm.ownDisk).map((disk) => plainText(disk.path)));
  const lost = `The ${one ? 'VM' : 'VMs'} ${names}, ${one ? 'its console’s history and its log' : 'their consoles’ history and their logs'} are lost.`;
  return [
    lost,
    ...(own.length === 0
      ? []
      : [`${own.length === 1 ? 'The disk that was made for it goes' : 'The disks that were made for them go'} too: ${own.join(', ')}.`]),
    ...(disks.length === 0 ? [] : [`${own.length === 0 ? (one ? 'Its' : 'Their') : 'The other'} disk images stay: ${disks.join(', ')}.`]),
  ];
}
