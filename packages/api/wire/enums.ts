/** The contract's enums as numbers: a value that this list does not have is kept as it came. */
export const VmState = { UNSPECIFIED: 0, STOPPED: 1, STARTING: 2, RUNNING: 3, STOPPING: 4 } as const;

export const VmEventType = { UNSPECIFIED: 0, CREATED: 1, STARTED: 2, STOPPED: 3, DELETED: 4 } as const;

export const BootMode = { UNSPECIFIED: 0, DISK: 1, KERNEL: 2 } as const;

/** Of an open enum of proto3: one of those above, or a number of a later release. */
export type EnumValue = number;
