export type Version = { major: number; minor: number; patch: number };

/** The first release with --no-shutdown, and without the two advisories of virtio-block and of forged qcow2 headers. */
export const leastMajor = 52;

/** `cloud-hypervisor v53.0-dirty` and `cloud-hypervisor v50.1.2` → its numbers; null: not its version. */
export function parseVersion(said: string): Version | null {
  const found = /^cloud-hypervisor v(\d+)\.(\d+)(?:\.(\d+))?/m.exec(said);
  return found === null ? null : { major: Number(found[1]), minor: Number(found[2]), patch: Number(found[3] ?? 0) };
}

export const versionName = ({ major, minor, patch }: Version): string => `${major}.${minor}${patch === 0 ? '' : `.${patch}`}`;

/** Known to be bad, by name (GitHub security advisories of cloud-hypervisor). */
const knownBad: { is(version: Version): boolean; why: string }[] = [
  { is: ({ major, minor }) => major < 50 || (major === 50 && minor < 1), why: 'a guest can read files of the host through it (GHSA-jmr4-g2hv-mjj6)' },
  { is: ({ major, minor }) => major < 51 || (major === 51 && minor < 2), why: 'its block device uses freed memory (GHSA-f47p-p25q-83rh)' },
];

/** Why this version runs no VM; null: it may. */
export function refusedVersion(version: Version): string | null {
  const bad = knownBad.find(({ is }) => is(version));
  if (bad) return `version ${versionName(version)} is refused: ${bad.why}`;
  if (version.major < leastMajor) return `version ${versionName(version)} is too old: it ends when its guest powers off, without saying so`;
  return null;
}
