import { join } from 'node:path';

export type Surroundings = { uid: number; env: Record<string, string | undefined> };

/** configFile: read where it is there. */
export type DefaultPaths = { dataDir: string; socket: string; configFile: string };

/** Where an agent keeps its data and listens when nobody says otherwise: root's places, or an ordinary user's own. */
export function defaultPaths({ uid, env }: Surroundings): DefaultPaths {
  if (uid === 0) return { dataDir: '/var/lib/mvirt', socket: '/run/mvirt/agent.sock', configFile: '/etc/mvirt/agent.toml' };
  const configHome = env.XDG_CONFIG_HOME || join(env.HOME || '/', '.config');
  const dataHome = env.XDG_DATA_HOME || join(env.HOME || '/', '.local', 'share');
  const runtimeDir = env.XDG_RUNTIME_DIR || join('/run/user', String(uid));
  return { dataDir: join(dataHome, 'mvirt'), socket: join(runtimeDir, 'mvirt', 'agent.sock'), configFile: join(configHome, 'mvirt', 'agent.toml') };
}
