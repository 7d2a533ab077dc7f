/** Why none can be had, on any hypervisor (docs/adr/0012). */
export const noSnapshots = 'mvirt takes no snapshots yet: stop the VM and copy its disks';
