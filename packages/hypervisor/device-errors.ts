import { MvirtError } from '@mvirt/domain';

const pendingHint = 'if its removal is pending, the guest has not let go of it: mvirt reboot VM completes that';

/** What every adapter says of devices, in the same words. */
export const deviceErrors = {
  diskAttached: (path: string, cause?: unknown) =>
    new MvirtError({ code: 'DISK_ATTACHED', message: `disk ${path} is attached already`, hint: pendingHint, cause }),
  nicAttached: (mac: string, cause?: unknown) =>
    new MvirtError({ code: 'NIC_ATTACHED', message: `a NIC with MAC ${mac} is attached already`, hint: pendingHint, cause }),
  noDisk: (path: string) => new MvirtError({ code: 'DISK_NOT_FOUND', message: `no disk ${path} is attached` }),
  noNic: (mac: string) => new MvirtError({ code: 'NIC_NOT_FOUND', message: `no NIC with MAC ${mac} is attached` }),
  noDiskFile: (path: string) => new MvirtError({ code: 'FILE_NOT_FOUND', message: `disk ${path} does not exist` }),
  noSlot: (hint: string, cause?: unknown) =>
    new MvirtError({ code: 'UNSUPPORTED', message: 'the running VM has no free PCI slot for one more device', hint, cause }),
};
