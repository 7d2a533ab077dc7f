import { argument, type Invocation } from '../../cli/invocation.ts';
import { imageDetails } from '../../output/image-lines.ts';
import { writeDocument } from '../../output/json.ts';

export async function run(invocation: Invocation): Promise<number> {
  const { io, json, api, signal } = invocation;
  const image = await api().image.get.query({ name: argument(invocation, 'name') }, { signal });
  if (json) writeDocument(io, { image });
  else io.stdout.write(imageDetails(image));
  return 0;
}
