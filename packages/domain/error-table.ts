/** Exit statuses of the command line (docs/cli.md): one row of the table per error code names one. */
export const exitStatus = {
  done: 0,
  failed: 1,
  usage: 2,
  notFound: 3,
  conflict: 4,
  timeout: 5,
  unreachable: 6,
  denied: 7,
  interrupted: 130,
} as const;

/** The statuses of gRPC that a failure of ours can be, by name. */
export type GrpcStatus =
  | 'INVALID_ARGUMENT'
  | 'NOT_FOUND'
  | 'ALREADY_EXISTS'
  | 'FAILED_PRECONDITION'
  | 'RESOURCE_EXHAUSTED'
  | 'DEADLINE_EXCEEDED'
  | 'CANCELLED'
  | 'UNAVAILABLE'
  | 'PERMISSION_DENIED'
  | 'INTERNAL';

type Row = {
  /** tRPC's code name. */
  trpc: string;
  grpc: GrpcStatus;
  exit: number;
  hint: string;
};

const row = (trpc: string, grpc: GrpcStatus, exit: number, hint: string): Row => ({ trpc, grpc, exit, hint });

/** What each code becomes at each door, and the hint used where the thrower knew none better. */
export const errorTable = {
  INVALID_ARGUMENT: row('BAD_REQUEST', 'INVALID_ARGUMENT', exitStatus.usage, 'mvirt help shows what each command takes'),
  VM_NOT_FOUND: row('NOT_FOUND', 'NOT_FOUND', exitStatus.notFound, 'mvirt list shows every VM'),
  DISK_NOT_FOUND: row('NOT_FOUND', 'NOT_FOUND', exitStatus.notFound, 'mvirt get VM shows its disks'),
  NIC_NOT_FOUND: row('NOT_FOUND', 'NOT_FOUND', exitStatus.notFound, 'mvirt get VM shows its NICs'),
  NETWORK_NOT_FOUND: row('NOT_FOUND', 'FAILED_PRECONDITION', exitStatus.notFound, 'mvirt network ls shows every network'),
  IMAGE_NOT_FOUND: row('NOT_FOUND', 'FAILED_PRECONDITION', exitStatus.notFound, 'mvirt image ls shows every image'),
  FILE_NOT_FOUND: row('NOT_FOUND', 'FAILED_PRECONDITION', exitStatus.notFound, 'check the path; the agent reads it, on its own host'),
  AMBIGUOUS_VM: row('CONFLICT', 'INVALID_ARGUMENT', exitStatus.conflict, 'give more characters of the id, or the whole id'),
  NAME_TAKEN: row('CONFLICT', 'ALREADY_EXISTS', exitStatus.conflict, 'choose another name, or delete the VM that has it'),
  ID_TAKEN: row('CONFLICT', 'ALREADY_EXISTS', exitStatus.conflict, 'choose another id, or leave it out'),
  DISK_ATTACHED: row('CONFLICT', 'ALREADY_EXISTS', exitStatus.conflict, 'mvirt get VM shows its disks'),
  NIC_ATTACHED: row('CONFLICT', 'ALREADY_EXISTS', exitStatus.conflict, 'mvirt get VM shows its NICs'),
  ADDRESS_TAKEN: row('CONFLICT', 'ALREADY_EXISTS', exitStatus.conflict, 'choose another address, or leave it out: the agent then chooses'),
  NETWORK_IN_USE: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'detach its NICs first: mvirt detach-nic VM MAC'),
  IMAGE_IN_USE: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'delete those VMs first: their disks hold only what differs from the image'),
  IMAGE_REFUSED: row('UNPROCESSABLE_CONTENT', 'FAILED_PRECONDITION', exitStatus.failed, 'docs/images.md says what can be imported'),
  DOWNLOAD_REFUSED: row('BAD_GATEWAY', 'UNAVAILABLE', exitStatus.failed, 'try again later'),
  DOWNLOAD_FAILED: row('BAD_GATEWAY', 'UNAVAILABLE', exitStatus.failed, 'run the same command again: it goes on where it was'),
  WRONG_STATE: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'mvirt get VM shows its state'),
  DISK_IN_USE: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'stop the other VM, or attach the disk read-only to both'),
  UNSUPPORTED: row('PRECONDITION_FAILED', 'FAILED_PRECONDITION', exitStatus.failed, 'mvirt doctor shows what this host can do'),
  START_FAILED: row('INTERNAL_SERVER_ERROR', 'INTERNAL', exitStatus.failed, 'mvirt logs VM shows what the hypervisor said'),
  HYPERVISOR_MISSING: row('PRECONDITION_FAILED', 'FAILED_PRECONDITION', exitStatus.failed, 'mvirt doctor names the package to install'),
  HYPERVISOR_ERROR: row('INTERNAL_SERVER_ERROR', 'INTERNAL', exitStatus.failed, 'mvirt logs VM shows what the hypervisor said'),
  HYPERVISOR_UNRESPONSIVE: row('TIMEOUT', 'DEADLINE_EXCEEDED', exitStatus.timeout, "mvirt kill VM ends it without the hypervisor's help"),
  PROGRAM_MISSING: row('PRECONDITION_FAILED', 'FAILED_PRECONDITION', exitStatus.failed, 'mvirt doctor names the package to install'),
  PROGRAM_FAILED: row('INTERNAL_SERVER_ERROR', 'INTERNAL', exitStatus.failed, "the agent's log has its whole output"),
  NETWORK_ERROR: row('INTERNAL_SERVER_ERROR', 'INTERNAL', exitStatus.failed, 'mvirt doctor shows what the agent may do with networks'),
  CONSOLE_READ_ONLY: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'the console takes input again after the VM is started anew'),
  DISK_FULL: row('INTERNAL_SERVER_ERROR', 'RESOURCE_EXHAUSTED', exitStatus.failed, "make room in the data directory's filesystem"),
  STORE_ERROR: row('INTERNAL_SERVER_ERROR', 'INTERNAL', exitStatus.failed, 'mvirt doctor checks the data directory'),
  DATA_DIR_IN_USE: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'stop the other process, or choose another --data-dir'),
  ADDRESS_IN_USE: row('CONFLICT', 'FAILED_PRECONDITION', exitStatus.conflict, 'choose another --listen address, or --listen off'),
  TOO_MANY: row('TOO_MANY_REQUESTS', 'RESOURCE_EXHAUSTED', exitStatus.failed, 'close what is no longer needed and try again'),
  TIMEOUT: row('TIMEOUT', 'DEADLINE_EXCEEDED', exitStatus.timeout, 'try again with a longer --timeout'),
  CANCELLED: row('CLIENT_CLOSED_REQUEST', 'CANCELLED', exitStatus.interrupted, 'what had begun goes on; mvirt get VM shows it'),
  AGENT_UNREACHABLE: row('SERVICE_UNAVAILABLE', 'UNAVAILABLE', exitStatus.unreachable, 'start it with: mvirt agent'),
  DENIED: row('FORBIDDEN', 'PERMISSION_DENIED', exitStatus.denied, 'ask to be a member of the group mvirt, or use sudo'),
  INTERNAL: row('INTERNAL_SERVER_ERROR', 'INTERNAL', exitStatus.failed, "this is a defect of mvirt: the agent's log has the details"),
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof errorTable;

export const errorCodes = Object.keys(errorTable) as [ErrorCode, ...ErrorCode[]];
