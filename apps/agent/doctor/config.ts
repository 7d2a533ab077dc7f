import type { DoctorCheck } from '@mvirt/api/schema';
import { toMvirtError } from '@mvirt/domain';
import { type AgentConfig, parseConfig } from '../config.ts';
import { defaultPaths, type Surroundings } from '../defaults.ts';
import { ok, problem } from './check.ts';

/** The configuration that an agent of this user would have; the defaults where its file cannot be used, which is then a problem. */
export function checkConfig(surroundings: Surroundings & { cwd: string }): { check: DoctorCheck; config: AgentConfig } {
  const [id, title] = ['config', 'configuration'];
  const { configFile } = defaultPaths(surroundings);
  try {
    const config = parseConfig([], surroundings);
    const detail = config.file === null ? `there is no ${configFile}: the defaults are taken` : `${config.file} is read`;
    return { check: ok(id, title, detail), config };
  } catch (thrown) {
    const { message, hint } = toMvirtError(thrown);
    return { check: problem(id, title, message, hint), config: parseConfig(['--config', 'none'], { ...surroundings, env: withoutLevel(surroundings.env) }) };
  }
}

const withoutLevel = ({ MVIRT_LOG: _, ...env }: Surroundings['env']): Surroundings['env'] => env;
