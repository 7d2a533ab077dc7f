import type { Invocation } from '../../cli/invocation.ts';
import { imageTable } from '../../output/image-lines.ts';
import { writeDocument } from '../../output/json.ts';

export async function run({ io, json, api, signal }: Invocation): Promise<number> {
  const images = await api().image.list.query(undefined, { signal });
  if (json) writeDocument(io, { images });
  else io.stdout.write(imageTable(images));
  return 0;
}
