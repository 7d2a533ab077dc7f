import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MvirtError } from '@mvirt/domain';
import type { Processes, ProcessIdentity } from '../../process.ts';
import { runFiles, type SerialInput, type VmmRunner } from '../../vmm.ts';
import { errnoOf, type Libc } from '../libc.ts';
import { createLineQueue } from './line-queue.ts';

export type InputDeps = { libc: Libc; processes: Processes };

type Run = Parameters<VmmRunner['openInput']>[0];

/** Descriptor of the PTY's master in the VMM. */
const masterFd = 3;

export function openInput(deps: InputDeps, run: Run): SerialInput {
  if (!deps.processes.isAlive(run.process)) throw readOnly('the VMM has ended');
  const fd = run.input === 'fifo' ? openFifo(run.runDir) : takeMaster(deps, run.process);
  let open = true;
  const queue = createLineQueue({ tryWrite: (bytes) => writeSome(fd, bytes) });
  const release = (reason: MvirtError) => {
    queue.end(reason);
    if (open) closeSync(fd);
    open = false;
    end[Symbol.dispose]();
  };
  const end = deps.processes.onEnd(run.process, () => release(readOnly('the VMM has ended')));
  return {
    write: (bytes, options) => queue.write(bytes, options),
    close: () => release(readOnly('this console input was closed')),
  };
}

const readOnly = (why: string, hint?: string, cause?: unknown) =>
  new MvirtError({
    code: 'CONSOLE_READ_ONLY',
    message: `the console takes no input: ${why}`,
    ...(hint === undefined ? {} : { hint }),
    ...(cause === undefined ? {} : { cause }),
  });

/** For both directions: a FIFO that is only written to would refuse to open, or end the agent's write, without a reader. */
function openFifo(runDir: string): number {
  const path = join(runDir, runFiles.fifo);
  try {
    return openSync(path, constants.O_RDWR | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  } catch (error) {
    throw readOnly(`${path} cannot be opened`, undefined, error);
  }
}

function takeMaster({ libc, processes }: InputDeps, vmm: ProcessIdentity): number {
  const pidfd = libc.pidfdOpen(vmm.pid);
  if (pidfd < 0) throw readOnly('the VMM has ended');
  try {
    if (!processes.isAlive(vmm)) throw readOnly('the VMM has ended');
    const fd = libc.pidfdGetfd(pidfd, masterFd);
    if (fd < 0) throw refused(libc.errno());
    libc.setNonBlocking(fd);
    return fd;
  } finally {
    closeSync(pidfd);
  }
}

function refused(errno: number): MvirtError {
  if (errno === errnoOf.EPERM)
    return readOnly(
      'the kernel lets this agent take no descriptor of that VMM (yama ptrace_scope, or another user namespace)',
      'run the agent as root, or start the VM anew',
    );
  if (errno === errnoOf.EBADF) return readOnly('that VMM holds no serial line');
  return readOnly(`its line could not be taken over (errno ${errno})`);
}

function writeSome(fd: number, bytes: Uint8Array): number {
  try {
    return writeSync(fd, bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}
