import { MvirtError } from '@mvirt/domain/error';
import { exitStatus } from '@mvirt/domain/error-table';
import { all, argument, has, type Invocation, last } from '../../cli/invocation.ts';
import { reportError } from '../../output/errors.ts';
import { writeDocument } from '../../output/json.ts';
import { copyPaths, scpPaths } from '../../ssh/copy-paths.ts';
import { explainFailure } from '../../ssh/explain-failure.ts';
import { prepareSsh } from '../../ssh/prepare.ts';
import { requireProgram, runProgram } from '../../ssh/run-program.ts';
import { sshDeps } from './ssh.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json } = invocation;
  const paths = copyPaths(argument(invocation, 'src'), argument(invocation, 'dst'), io.cwd);
  if (!json) await requireScp(io.env);
  const plan = await prepareSsh(sshDeps(invocation), { vm: paths.vm, user: last(invocation, 'user'), more: all(invocation, 'option') });
  const { host, ...shown } = plan;
  const argv = ['scp', ...plan.argv, ...(has(invocation, 'recursive') ? ['-r'] : []), '--', ...scpPaths(paths, host)];
  if (json) {
    writeDocument(io, { ssh: { ...shown, argv } });
    return exitStatus.done;
  }
  const status = await runProgram(argv);
  const reason = status === exitStatus.done ? null : await explainFailure(plan);
  if (reason !== null) reportError(io, false, reason);
  return status;
}

/** The first whose scp speaks SFTP: before, the guest's shell read the names. */
const oldestMajor = 9;

/** @throws PROGRAM_MISSING, UNSUPPORTED */
async function requireScp(env: Invocation['io']['env']): Promise<void> {
  requireProgram('scp', env);
  const asked = Bun.spawn(['ssh', '-V'], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = await new Response(asked.stderr).text();
  const [, version, major] = /^OpenSSH_((\d+)\.[\dp]+)/.exec(said) ?? [];
  if (major === undefined || Number(major) >= oldestMajor) return;
  throw new MvirtError({
    code: 'UNSUPPORTED',
    message: `cp needs OpenSSH ${oldestMajor} or later, and this host has ${version}`,
    hint: 'mvirt ssh VM -- cat FILE > FILE copies one file',
  });
}
