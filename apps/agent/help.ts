export const agentHelp = `mvirt agent: owns the VMs of this host and answers on a Unix socket, until SIGTERM; VMs then run on

  --data-dir PATH      where VMs, consoles and the database are kept (root: /var/lib/mvirt)
  --socket PATH        where clients are answered (root: /run/mvirt/agent.sock)
  --bridge NAME        the bridge that VMs' TAPs are put on, made when missing (br0)
  --hypervisor KIND    what "auto" means to new VMs: auto, qemu or cloud-hypervisor (auto)
  --listen off         no network address: clients use the socket (off)
  --log-level LEVEL    debug, info, warn or error; $MVIRT_LOG too (info)
`;
