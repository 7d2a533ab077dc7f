export const hypervisorKinds = ['cloud-hypervisor', 'qemu'] as const;
export type HypervisorKind = (typeof hypervisorKinds)[number];
export type HypervisorChoice = HypervisorKind | 'auto';
