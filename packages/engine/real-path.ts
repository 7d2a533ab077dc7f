import { realpathSync } from 'node:fs';

/** Without links; what is not there, or cannot be looked at, keeps the name that it was given. */
export function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
