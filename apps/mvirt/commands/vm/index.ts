import { hypervisorKinds } from '@mvirt/domain/hypervisor-kind';
import { restartPolicies } from '@mvirt/domain/restart-policy';
import { observedStates } from '@mvirt/domain/vm-condition';
import type { ArgumentDefinition, CommandDefinition, OptionDefinition } from '../definition.ts';

/** ip: a NIC has an address. ssh: an SSH server answers. */
const waitChoices = ['running', 'stopped', 'ip', 'ssh'] as const;

const vm: ArgumentDefinition = { name: 'VM', summary: 'id, name, or 4 or more first characters of the id', required: true, completes: 'vm' };
const vms: ArgumentDefinition = { ...vm, many: true };
const yes: OptionDefinition = { name: 'yes', short: 'y', summary: 'do not ask' };
const network: OptionDefinition = {
  name: 'network',
  value: 'NET',
  summary: 'default, or another network, bridge:NAME or tap=NAME; then ,ip=ADDRESS and ,mac=ADDRESS',
  many: true,
};

const sshOptions: readonly OptionDefinition[] = [
  { name: 'user', short: 'l', value: 'NAME', summary: 'whom to log in as', defaultText: "the image's usual user, else root" },
  { name: 'option', short: 'o', value: 'NAME=VALUE', summary: 'for ssh, as in ssh_config', many: true },
];

const action = (name: string, summary: string, more: Partial<CommandDefinition> & Pick<CommandDefinition, 'load'>): CommandDefinition => ({
  name,
  summary,
  arguments: [vms],
  options: [],
  examples: [`mvirt ${name} web-1`],
  ...more,
});

export const vmCommands: readonly CommandDefinition[] = [
  {
    name: 'list',
    aliases: ['ls'],
    summary: 'list the VMs',
    arguments: [],
    options: [
      { name: 'state', value: 'STATE', summary: 'only VMs in this state', choices: observedStates },
      { name: 'label', value: 'K=V', summary: 'only VMs with this label', many: true },
      { name: 'quiet', short: 'q', summary: 'ids only' },
    ],
    examples: ['mvirt list', 'mvirt list --state running -q', 'mvirt list --json'],
    overGrpc: true,
    load: () => import('./list.ts'),
  },
  {
    name: 'get',
    aliases: ['show'],
    summary: 'show one VM',
    arguments: [vm],
    options: [],
    examples: ['mvirt get web-1', 'mvirt get web-1 --json'],
    overGrpc: true,
    load: () => import('./get.ts'),
  },
  {
    name: 'create',
    summary: 'create a VM',
    arguments: [],
    options: [
      { name: 'name', value: 'NAME', summary: '1 to 63 of a-z 0-9 -' },
      { name: 'vcpus', value: 'N', summary: 'virtual CPUs', defaultText: '1' },
      { name: 'memory', value: 'SIZE', summary: 'MiB, or with M or G', defaultText: '512' },
      { name: 'max-vcpus', value: 'N', summary: 'how many it may be given while it runs', defaultText: '--vcpus' },
      { name: 'max-memory', value: 'SIZE', summary: 'how much it may be given while it runs, in steps of 128M', defaultText: '--memory' },
      { name: 'image', value: 'NAME', summary: 'a disk of its own, made of a stored image; it boots where no kernel is given', completes: 'image' },
      { name: 'disk-size', value: 'SIZE', summary: 'of that disk: MiB, or with M, G or T', defaultText: "the image's" },
      {
        name: 'disk',
        value: 'PATH[,ro][,format=raw|qcow2]',
        summary: 'a disk image or block device; the first one boots where no kernel is given',
        many: true,
        completes: 'file',
      },
      { name: 'kernel', value: 'PATH', summary: 'boot this kernel', completes: 'file' },
      { name: 'initramfs', value: 'PATH', summary: 'with this initramfs', completes: 'file' },
      { name: 'cmdline', value: 'TEXT', summary: 'and this command line, such as console=ttyS0' },
      { name: 'firmware', value: 'PATH', summary: 'boot this firmware', completes: 'file' },
      { name: 'user-data', value: 'FILE', summary: 'cloud-init user data; - for standard input', completes: 'file' },
      { name: 'ssh-key', value: 'FILE', summary: 'a public key for cloud-init', many: true, completes: 'file' },
      network,
      { name: 'label', value: 'K=V', summary: 'a label', many: true },
      { name: 'hypervisor', value: 'NAME', summary: 'what runs it', choices: ['auto', ...hypervisorKinds], defaultText: 'auto' },
      { name: 'restart', value: 'POLICY', summary: 'when it is started again by itself', choices: restartPolicies, defaultText: 'never' },
      { name: 'autostart', summary: 'start it at each boot of the host' },
      { name: 'autostart-order', value: 'N', summary: 'lower ones first', defaultText: '0' },
      { name: 'autostart-delay', value: 'TIME', summary: 'how long the next one waits after it', defaultText: '0' },
      { name: 'start', summary: 'start it at once' },
      { name: 'wait', value: 'COND', summary: 'with --start: wait until then', choices: ['running', 'ip', 'ssh'] },
      { name: 'timeout', value: 'TIME', summary: 'with --wait: give up after it (exit status 5)', defaultText: '120s' },
    ],
    examples: [
      'mvirt create --name web-1 --memory 1G --disk /var/lib/images/web-1.qcow2 --network default --start',
      "mvirt create --name tiny --kernel vmlinux --initramfs tiny.cpio --cmdline 'console=ttyS0'",
    ],
    overGrpc: true,
    load: () => import('./create.ts'),
  },
  {
    name: 'set',
    summary: 'change a VM; what a running one cannot take is kept for its next start',
    arguments: [
      vm,
      {
        name: 'CHANGE',
        summary:
          'name=N vcpus=N memory=SIZE max-vcpus=N max-memory=SIZE cmdline=TEXT restart=POLICY autostart=on|off autostart-order=N autostart-delay=TIME label.K=V (label.K= removes it)',
        required: true,
        many: true,
      },
    ],
    options: [],
    examples: ['mvirt set web-1 memory=2G vcpus=2', 'mvirt set web-1 label.role=front', 'mvirt set web-1 restart=on-failure autostart=on'],
    load: () => import('./set.ts'),
  },
  action('start', 'start VMs', { overGrpc: true, load: () => import('./start.ts') }),
  action('stop', 'stop VMs gracefully, then by power off', {
    options: [{ name: 'timeout', short: 't', value: 'SECONDS', summary: 'how long the guest may take; 0: without limit', defaultText: '30' }],
    examples: ['mvirt stop web-1', 'mvirt stop -t 120 web-1 web-2'],
    overGrpc: true,
    load: () => import('./stop.ts'),
  }),
  action('kill', 'end VMs at once, as if by pulling the plug', { options: [yes], overGrpc: true, load: () => import('./kill.ts') }),
  action('reboot', 'reset VMs', { load: () => import('./reboot.ts') }),
  action('pause', 'halt the virtual CPUs', { load: () => import('./pause.ts') }),
  action('resume', 'let paused VMs go on', { load: () => import('./resume.ts') }),
  action('delete', 'delete stopped VMs, with disks made for them from images; other disks stay', {
    aliases: ['rm'],
    options: [yes],
    overGrpc: true,
    load: () => import('./delete.ts'),
  }),
  {
    name: 'console',
    summary: 'the serial console; Ctrl+a t leaves, Ctrl+a Ctrl+a sends Ctrl+a',
    arguments: [vm],
    options: [
      { name: 'read-only', summary: 'watch, and type nothing' },
      { name: 'history', value: 'N|all', summary: 'lines to show first', defaultText: '50' },
    ],
    examples: ['mvirt console web-1', 'mvirt console web-1 --read-only --history all'],
    overGrpc: true,
    load: () => import('./console.ts'),
  },
  {
    name: 'ssh',
    summary: "log in to a VM's guest, or run a command there, with the system's ssh",
    arguments: [
      vm,
      { name: 'CMD', summary: "what to run there, as ssh takes it: words are joined and read by the guest's shell", required: false, many: true },
    ],
    options: [
      ...sshOptions,
      { name: 'tty', short: 't', summary: 'give the command a terminal' },
      { name: 'forget-host-key', summary: "the guest's disk or its keys were made anew: what is known of its host keys counts no more" },
      { name: 'stdio', summary: "be a connection to the guest's SSH server, for ProxyCommand" },
    ],
    examples: ['mvirt ssh web-1', 'mvirt ssh web-1 -l alice -- uptime', 'mvirt ssh web-1 -o LocalForward="8080 localhost:80"', 'mvirt ssh web-1 --json'],
    load: () => import('./ssh.ts'),
  },
  {
    name: 'cp',
    summary: "copy between this host and a VM's guest, by SFTP",
    arguments: [
      { name: 'SRC', summary: 'a path here, or VM:PATH', required: true, completes: 'file' },
      { name: 'DST', summary: 'the same; one of both is in a guest', required: true, completes: 'file' },
    ],
    options: [{ name: 'recursive', short: 'r', summary: 'folders with all that is in them' }, ...sshOptions],
    examples: ['mvirt cp app.tar web-1:/tmp/', 'mvirt cp -r web-1:/var/log logs', 'mvirt cp ./a:b web-1:'],
    load: () => import('./cp.ts'),
  },
  {
    name: 'logs',
    summary: 'what happened to a VM, or what its console said',
    arguments: [vm],
    options: [
      { name: 'follow', short: 'f', summary: 'go on with what comes' },
      { name: 'since', value: 'TIME', summary: 'from then on: 2026-01-31T12:00:00Z, or 10m' },
      { name: 'console', summary: "the serial console's output, byte for byte" },
    ],
    examples: ['mvirt logs web-1 -f', 'mvirt logs web-1 --console > boot.txt'],
    load: () => import('./logs.ts'),
  },
  {
    name: 'events',
    summary: 'lifecycle events of all VMs',
    arguments: [],
    options: [
      { name: 'follow', short: 'f', summary: 'go on with what comes' },
      { name: 'since', value: 'SEQ', summary: 'those after this sequence number' },
    ],
    examples: ['mvirt events -f --json', 'mvirt events --since 120'],
    overGrpc: true,
    load: () => import('./events.ts'),
  },
  {
    name: 'attach-disk',
    summary: 'add a disk, at once where the VM runs',
    arguments: [vm, { name: 'PATH', summary: 'a disk image or block device', required: true, completes: 'file' }],
    options: [
      { name: 'ro', summary: 'read-only' },
      { name: 'format', value: 'FORMAT', summary: 'how the image is read', choices: ['raw', 'qcow2'], defaultText: 'raw, or qcow2 by the name' },
    ],
    examples: ['mvirt attach-disk web-1 data.raw'],
    overGrpc: true,
    load: () => import('./attach-disk.ts'),
  },
  {
    name: 'detach-disk',
    summary: 'take a disk away',
    arguments: [vm, { name: 'PATH', summary: 'as mvirt get shows it', required: true }],
    options: [],
    examples: ['mvirt detach-disk web-1 data.raw'],
    overGrpc: true,
    load: () => import('./detach-disk.ts'),
  },
  {
    name: 'attach-nic',
    summary: 'add a NIC, at once where the VM runs',
    arguments: [vm],
    options: [
      { ...network, many: false, defaultText: 'default' },
      { name: 'mac', value: 'ADDRESS', summary: 'its MAC' },
    ],
    examples: ['mvirt attach-nic web-1', 'mvirt attach-nic web-1 --network lab,ip=10.9.0.7', 'mvirt attach-nic web-1 --mac 52:54:00:12:34:56'],
    overGrpc: true,
    load: () => import('./attach-nic.ts'),
  },
  {
    name: 'detach-nic',
    summary: 'take a NIC away',
    arguments: [vm, { name: 'MAC', summary: 'as mvirt get shows it', required: true }],
    options: [],
    examples: ['mvirt detach-nic web-1 52:54:00:12:34:56'],
    overGrpc: true,
    load: () => import('./detach-nic.ts'),
  },
  {
    name: 'wait',
    summary: 'wait until a VM is in a state, or can be reached',
    arguments: [vm, { name: 'CONDITION', summary: waitChoices.join(', '), required: true, choices: waitChoices }],
    options: [{ name: 'timeout', value: 'TIME', summary: 'give up after it (exit status 5)', defaultText: '60s' }],
    examples: ['mvirt wait web-1 stopped --timeout 2m', 'mvirt wait web-1 ip', 'mvirt wait web-1 ssh'],
    load: () => import('./wait.ts'),
  },
];
