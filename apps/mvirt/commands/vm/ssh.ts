import { findSocket } from '@mvirt/api/client/find-socket';
import { exitStatus } from '@mvirt/domain/error-table';
import { all, argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { reportError } from '../../output/errors.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { explainFailure, sshFailed } from '../../ssh/explain-failure.ts';
import { createKnownHosts } from '../../ssh/known-hosts.ts';
import { prepareSsh, type SshDeps } from '../../ssh/prepare.ts';
import { requireProgram, runProgram } from '../../ssh/run-program.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const vm = argument(invocation, 'vm');
  const command = invocation.args.cmd ?? [];
  if (has(invocation, 'stdio')) return await tunnel(invocation, vm, command);
  if (!json) requireProgram('ssh', io.env);
  const deps = sshDeps(invocation);
  if (has(invocation, 'forget-host-key')) await forget(deps, vm);
  const plan = await prepareSsh(deps, { vm, user: last(invocation, 'user'), more: all(invocation, 'option') });
  const { host, ...shown } = plan;
  const argv = ['ssh', ...plan.argv, ...(has(invocation, 'tty') ? ['-t'] : []), '--', host, ...command];
  if (json) {
    writeDocument(io, { ssh: { ...shown, argv } });
    return exitStatus.done;
  }
  const status = await runProgram(argv);
  const reason = status === sshFailed ? await explainFailure(plan) : null;
  if (reason !== null) reportError(io, false, reason);
  return status;
}

export function sshDeps({ api, io, signal, socketFlag }: Invocation): SshDeps {
  const { path } = findSocket({ flag: socketFlag, env: io.env, cwd: io.cwd });
  return { api: api(), socketPath: path, env: io.env, signal, note: (text) => io.stderr.write(`mvirt: ${printable(text)}\n`) };
}

async function forget({ api, env, signal, note }: SshDeps, vm: string): Promise<void> {
  const { vmId, hostKeys } = await api.ssh.forgetHostKeys.mutate({ vm }, { signal });
  createKnownHosts(env).forget(vmId);
  note(hostKeys === null ? 'its host keys are forgotten' : 'its host keys are forgotten; those that its guest printed last count from now on');
}

/** For ProxyCommand: this program's input and output are the guest's SSH server. */
async function tunnel({ io, signal, socketFlag, json, options }: Invocation, vm: string, command: readonly string[]): Promise<number> {
  if (json || command.length > 0 || Object.keys(options).length > 1) throw usageError('--stdio: goes with nothing else', 'ssh');
  const { openSshTunnel } = await import('@mvirt/api/client/ssh-tunnel');
  const { path, tried } = findSocket({ flag: socketFlag, env: io.env, cwd: io.cwd });
  const socket = await openSshTunnel(vm, { socketPath: path, tried, signal });
  const { promise, resolve } = Promise.withResolvers<number>();
  const leave = () => resolve(exitStatus.interrupted);
  signal.addEventListener('abort', leave, { once: true });
  socket.once('close', () => resolve(exitStatus.done)).on('error', () => resolve(exitStatus.failed));
  process.stdin.pipe(socket);
  socket.pipe(process.stdout);
  try {
    return await promise;
  } finally {
    process.stdin.unpipe(socket).pause();
    socket.destroy();
  }
}
