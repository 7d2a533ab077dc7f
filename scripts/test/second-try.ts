import type { Failure } from './junit.ts';

/** Failures in more files than this have a cause that no second try will hide. */
const mostFiles = 2;

export type Tried = { failed: Failure[]; unsteady: Failure[] };

/**
 * Runs the files of failed tests once more, each alone (`run` answers whether all of its tests hold). What fails only beside everything else is no less a defect,
 * and is told as such; yet it should not keep a sound change out. Anything but a test, such as what was left behind, gets no second try.
 */
export async function secondTry(failed: readonly Failure[], run: (file: string) => Promise<boolean> | boolean): Promise<Tried> {
  const fileOf = ({ test }: Failure): string | null => /^(\S+\.test\.tsx?): /.exec(test)?.[1] ?? null;
  const files = new Set(failed.map(fileOf));
  if (files.has(null) || files.size > mostFiles) return { failed: [...failed], unsteady: [] };
  const steady = new Set<string | null>();
  for (const file of files) if (file !== null && (await run(file))) steady.add(file);
  return { failed: failed.filter((failure) => !steady.has(fileOf(failure))), unsteady: failed.filter((failure) => steady.has(fileOf(failure))) };
}
