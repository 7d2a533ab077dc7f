export const agentHelp = `mvirt agent: owns the VMs of this host and answers on a Unix socket and to gRPC clients, until SIGTERM; VMs then run on

  --data-dir PATH        where VMs, consoles and the database are kept (root: /var/lib/mvirt)
  --socket PATH          where clients are answered (root: /run/mvirt/agent.sock)
  --listen ADDRESS       where gRPC clients are answered, may be repeated: [::1]:PORT, 127.0.0.1:PORT, unix:PATH,
                         or off ([::1]:50051); of this host root, the agent's user and the group mvirt may come in
  --grpc-tls-cert FILE   with the next two: TLS on TCP addresses, which may then be any; this is the agent's certificate
  --grpc-tls-key FILE    its private key
  --grpc-tls-ca FILE     who signs clients' certificates, of which each client needs one
  --bridge NAME          the bridge that VMs' TAPs are put on, made when missing (br0)
  --hypervisor KIND      what "auto" means to new VMs: auto, qemu or cloud-hypervisor (auto)
  --log-level LEVEL      debug, info, warn or error; $MVIRT_LOG too (info)
`;
