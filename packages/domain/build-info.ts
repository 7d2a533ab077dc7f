import manifest from '../../package.json';

export type BuildInfo = {
  version: string;
  /** The whole hash, "-dirty" behind it where files had been changed. Null: from sources without a repository. */
  commit: string | null;
  /** RFC 3339, UTC: when the commit was made, so that a build may be repeated. */
  date: string | null;
};

/** Written in by scripts/build; a program that runs from its sources has none. */
declare const MVIRT_BUILD: Pick<BuildInfo, 'commit' | 'date'> | undefined;

/** Whether this program is the one compiled file. */
export const isCompiled = typeof MVIRT_BUILD !== 'undefined';

export const buildInfo: BuildInfo = {
  version: manifest.version,
  ...(typeof MVIRT_BUILD === 'undefined' ? { commit: null, date: null } : MVIRT_BUILD),
};
