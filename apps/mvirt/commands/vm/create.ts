import { resolve } from 'node:path';
import type { VmDocument } from '@mvirt/api/schema';
import type { CreateInput } from '@mvirt/domain';
import { MvirtError } from '@mvirt/domain/error';
import { toCliError } from '../../cli/failure.ts';
import { readText } from '../../cli/files.ts';
import { all, has, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { disk, durationMs, memoryMib, network, pair, sizeBytes, wholeNumber } from '../../cli/values.ts';
import { writeDocument } from '../../output/json.ts';
import { printable } from '../../output/table.ts';
import { nameOf, stateWord } from '../../output/vm-lines.ts';
import { waitFor } from './wait.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, client, signal } = invocation;
  const start = has(invocation, 'start');
  const wait = last(invocation, 'wait');
  if (wait !== undefined && !start) throw usageError('--wait: needs --start', 'create');
  if (has(invocation, 'timeout') && wait === undefined) throw usageError('--timeout: needs --wait', 'create');
  const timeoutMs = durationMs(last(invocation, 'timeout') ?? '120s', '--timeout');
  const input = await createInput(invocation);
  const created = await client().create(input, { signal });
  for (const warning of created.warnings) io.stderr.write(`mvirt: warning: ${printable(warning)}\n`);
  const started = start ? await startNow(invocation, created.vm) : created.vm;
  // It runs by now: what is left to wait for is that it can be reached.
  const vm = wait === 'ip' || wait === 'ssh' ? await waitFor(invocation, started.id, wait, timeoutMs) : started;
  if (json) writeDocument(io, { vm });
  else io.stdout.write(`${nameOf(vm)}: created${start ? ` and ${stateWord(vm.state)}` : ''}  ${vm.id}\n`);
  return 0;
}

/** @throws the reason why it did not start, saying that the VM is there all the same */
async function startNow({ client, signal }: Invocation, created: VmDocument): Promise<VmDocument> {
  try {
    return (await client().start(created.id, { signal })).vm;
  } catch (thrown) {
    const { code, message, hint } = toCliError(thrown);
    throw new MvirtError({ code, message: `VM ${created.name ?? created.id} was created, and did not start: ${message}`, hint, cause: thrown });
  }
}

/** @throws INVALID_ARGUMENT where an order or a pause is given to a VM that does not come up with the host */
function autostart(invocation: Invocation): CreateInput['autostart'] {
  const [order, delay] = [last(invocation, 'autostart-order'), last(invocation, 'autostart-delay')];
  if (!has(invocation, 'autostart')) {
    if (order === undefined && delay === undefined) return null;
    throw usageError(`--autostart-${order === undefined ? 'delay' : 'order'}: needs --autostart`, 'create');
  }
  return {
    ...(order === undefined ? {} : { order: wholeNumber(order, '--autostart-order') }),
    ...(delay === undefined ? {} : { delayMs: durationMs(delay, '--autostart-delay') }),
  };
}

/** The request that the command line says; the agent checks its values. */
export async function createInput(invocation: Invocation): Promise<CreateInput> {
  const { cwd } = invocation.io;
  const text = (option: string) => last(invocation, option);
  const path = (option: string) => {
    const given = text(option);
    return given === undefined ? null : resolve(cwd, given);
  };
  const name = text('name');
  const userData = text('user-data');
  const keys = await Promise.all(all(invocation, 'ssh-key').map((file) => readText(file, cwd, '--ssh-key')));
  const hypervisor = text('hypervisor');
  const restart = text('restart');
  const [image, diskSize] = [text('image'), text('disk-size')];
  return {
    ...(name === undefined ? {} : { name }),
    vcpus: wholeNumber(text('vcpus') ?? '1', '--vcpus'),
    memoryMib: memoryMib(text('memory') ?? '512'),
    ...(text('max-vcpus') === undefined ? {} : { maxVcpus: wholeNumber(text('max-vcpus') ?? '', '--max-vcpus') }),
    ...(text('max-memory') === undefined ? {} : { maxMemoryMib: memoryMib(text('max-memory') ?? '') }),
    kernel: path('kernel'),
    initramfs: path('initramfs'),
    cmdline: text('cmdline') ?? null,
    firmware: path('firmware'),
    ...(image === undefined ? {} : { image }),
    ...(diskSize === undefined ? {} : { diskSizeBytes: sizeBytes(diskSize, '--disk-size') }),
    disks: all(invocation, 'disk').map((value) => disk(value, cwd)),
    nics: all(invocation, 'network').map(network),
    userData: userData === undefined ? null : await readText(userData, cwd, '--user-data'),
    sshKeys: keys.flatMap((file) => file.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'))),
    labels: Object.fromEntries(all(invocation, 'label').map((value) => pair(value, '--label'))),
    ...(hypervisor === undefined ? {} : { hypervisor: hypervisor as 'auto' }),
    ...(restart === undefined ? {} : { restart: restart as 'always' }),
    autostart: autostart(invocation),
  };
}
