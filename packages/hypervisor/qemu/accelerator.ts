/** How guests are run: found out by running one, never by what the host claims. */
export type Accelerator = { name: 'kvm'; cpu: 'host' | 'qemu64' } | { name: 'tcg'; cpu: 'max' };

export const accelerators: Accelerator[] = [
  { name: 'kvm', cpu: 'host' },
  { name: 'kvm', cpu: 'qemu64' },
  { name: 'tcg', cpu: 'max' },
];
