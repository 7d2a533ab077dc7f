export type Setting = {
  /** The flag without its dashes, and the key in the configuration file. */
  name: SettingName;
  /** What stands for its value in help. */
  value: string;
  /** What is taken where nobody says otherwise, as people read it. */
  defaultText: string;
  /** One sentence without a full stop, for help. */
  summary: string;
  /** The rest of what there is to say, for the file and its manual; '': nothing. */
  detail: string;
  /** A value as the file has it: TOML. */
  example: string;
  many?: true;
  /** Its value is a path: absolute in the file, which has no folder that a relative one could start from. */
  isPath?: true;
  choices?: readonly string[];
  /** Taken where no flag says otherwise. */
  env?: string;
};

export type SettingName = 'data-dir' | 'socket' | 'listen' | 'grpc-tls-cert' | 'grpc-tls-key' | 'grpc-tls-ca' | 'bridge' | 'hypervisor' | 'log-level';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export const hypervisorChoices = ['auto', 'qemu', 'cloud-hypervisor'] as const;

/** All that an agent can be told, once: flags, the file, help, manuals and documents are made from it. */
export const settings: readonly Setting[] = [
  {
    name: 'data-dir',
    value: 'PATH',
    defaultText: '/var/lib/mvirt',
    summary: 'where VMs, consoles and the database are kept',
    detail: 'Made when missing. One agent at a time has it. An ordinary user has $XDG_DATA_HOME/mvirt.',
    example: '"/var/lib/mvirt"',
    isPath: true,
  },
  {
    name: 'socket',
    value: 'PATH',
    defaultText: '/run/mvirt/agent.sock',
    summary: 'where clients are answered',
    detail:
      'Root and members of the group mvirt may connect. Clients that shall find another one need --socket or $MVIRT_SOCKET. An ordinary user has $XDG_RUNTIME_DIR/mvirt/agent.sock.',
    example: '"/run/mvirt/agent.sock"',
    isPath: true,
  },
  {
    name: 'listen',
    value: 'ADDRESS',
    defaultText: '[::1]:50051',
    summary: 'where gRPC clients are answered: [::1]:PORT, 127.0.0.1:PORT, unix:PATH, or off',
    detail:
      "May be repeated; in the file, a list. Of this host, root, the agent's user and the group mvirt may come in; the kernel says who connects. Any other address needs the three grpc-tls files. Where the default address is taken, the agent goes on without it.",
    example: '["[::1]:50051", "unix:/run/mvirt/grpc.sock"]',
    many: true,
  },
  {
    name: 'grpc-tls-cert',
    value: 'FILE',
    defaultText: 'no TLS',
    summary: "with the next two: TLS on TCP addresses; this is the agent's certificate",
    detail: 'PEM. The three go together.',
    example: '"/etc/mvirt/tls/agent.pem"',
    isPath: true,
  },
  {
    name: 'grpc-tls-key',
    value: 'FILE',
    defaultText: 'no TLS',
    summary: 'its private key',
    detail: 'PEM.',
    example: '"/etc/mvirt/tls/agent.key"',
    isPath: true,
  },
  {
    name: 'grpc-tls-ca',
    value: 'FILE',
    defaultText: 'no TLS',
    summary: "who signs clients' certificates, of which each client needs one",
    detail: 'PEM.',
    example: '"/etc/mvirt/tls/ca.pem"',
    isPath: true,
  },
  {
    name: 'bridge',
    value: 'NAME',
    defaultText: 'br0',
    summary: "the bridge that VMs' TAPs are put on, made when missing",
    detail: 'For NICs that name no network. 1 to 15 characters.',
    example: '"br0"',
  },
  {
    name: 'hypervisor',
    value: 'KIND',
    defaultText: 'auto',
    summary: 'what "auto" means to new VMs: auto, qemu or cloud-hypervisor',
    detail: 'auto: cloud-hypervisor where it is installed and guests run on /dev/kvm, else QEMU.',
    example: '"auto"',
    choices: hypervisorChoices,
  },
  {
    name: 'log-level',
    value: 'LEVEL',
    defaultText: 'info',
    summary: 'debug, info, warn or error',
    detail: 'The log is one JSON object a line, on standard error.',
    example: '"info"',
    choices: logLevels,
    env: 'MVIRT_LOG',
  },
];

/** Which file is read, itself no setting. */
export const configFlag = {
  name: 'config',
  value: 'FILE',
  defaultText: '/etc/mvirt/agent.toml where that is there',
  summary: 'the configuration file, or none',
} as const;
