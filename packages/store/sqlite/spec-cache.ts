import { decodeSpec, type VmSpec } from '@mvirt/domain';
import { parseJson } from './json-column.ts';

export type SpecColumns = { id: string; config_json: string; extras_json: string | null };

export type DecodedSpec = { spec: VmSpec; unknownKeys: Record<string, unknown> };

export const readSpec = (row: Omit<SpecColumns, 'id'>): DecodedSpec => decodeSpec(parseJson(row.config_json), parseJson(row.extras_json));

/**
 * Reads specs, and reads again only what has another text than before: a list of 1,000 VMs is mostly this work.
 * Answers are copies, free to change. forget: for a VM that is removed, or the cache would keep it.
 */
export function createSpecCache(): { read(row: SpecColumns): DecodedSpec; forget(id: string): void } {
  const known = new Map<string, SpecColumns & DecodedSpec>();
  return {
    read(row) {
      const hit = known.get(row.id);
      if (hit !== undefined && hit.config_json === row.config_json && hit.extras_json === row.extras_json) return copy(hit);
      const fresh = { id: row.id, config_json: row.config_json, extras_json: row.extras_json, ...readSpec(row) };
      known.set(row.id, fresh);
      return copy(fresh);
    },
    forget(id) {
      known.delete(id);
    },
  };
}

function copy({ spec, unknownKeys }: DecodedSpec): DecodedSpec {
  return {
    spec: {
      ...spec,
      disks: spec.disks.map((disk) => ({ ...disk })),
      ownDisk: spec.ownDisk === null ? null : { ...spec.ownDisk },
      nics: spec.nics.map((nic) => ({ ...nic })),
      sshKeys: [...spec.sshKeys],
      labels: { ...spec.labels },
    },
    unknownKeys: Object.keys(unknownKeys).length === 0 ? {} : structuredClone(unknownKeys),
  };
}
