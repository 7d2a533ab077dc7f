import type { DiskFormat } from '@mvirt/domain/disk-format';
import { MvirtError } from '@mvirt/domain/error';
import { toCliError } from '../../cli/failure.ts';
import { argument, type Invocation, last } from '../../cli/invocation.ts';
import { usageError } from '../../cli/usage-error.ts';
import { importedLine } from '../../output/image-lines.ts';
import { writeDocument } from '../../output/json.ts';
import { createProgress } from '../../output/progress.ts';
import { sourceOf } from './source.ts';
import { upload } from './upload.ts';

const cancelMs = 2000;

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, api, signal } = invocation;
  const name = last(invocation, 'name');
  if (name === undefined) throw usageError('--name: is needed: what the image is to be called');
  const source = await sourceOf(argument(invocation, 'source'), io);
  const wanted = { name, format: formatOf(invocation), sha256: last(invocation, 'sha256') ?? null, user: last(invocation, 'user') ?? null };
  using progress = createProgress(io, name);
  const begun = await api().image.begin.mutate({ ...wanted, source: source.shown, resumeKey: source.resumeKey }, { signal });
  try {
    await upload({ api: api(), begun, source, progress, signal });
    progress.say('checking it');
    const image = await api().image.finish.mutate({ id: begun.id }, { signal });
    progress.clear();
    if (json) writeDocument(io, { image });
    else io.stdout.write(importedLine(image));
    return 0;
  } catch (thrown) {
    // An agent that is gone, or has ended the import by itself, has nothing to be told.
    await api()
      .image.cancel.mutate({ id: begun.id }, { signal: AbortSignal.timeout(cancelMs) })
      .catch(() => {});
    throw source.resumeKey === null ? thrown : resumable(thrown);
  }
}

function formatOf(invocation: Invocation): DiskFormat | null {
  const format = last(invocation, 'format');
  return format === 'raw' || format === 'qcow2' ? format : null;
}

/** What a download that broke off can be helped with. */
function resumable(thrown: unknown): unknown {
  const { code, message } = toCliError(thrown);
  if (code !== 'AGENT_UNREACHABLE' && code !== 'WRONG_STATE') return thrown;
  return new MvirtError({ code, message, hint: 'run the same command again once the agent answers: the download goes on where it was', cause: thrown });
}
