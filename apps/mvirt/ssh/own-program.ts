import { dirname, join } from 'node:path';
import { isCompiled } from '@mvirt/domain/build-info';

/** argv that runs mvirt again: the executable by itself, or the sources by Bun. */
export const ownProgram = (): string[] => (isCompiled ? [process.execPath] : [process.execPath, join(dirname(import.meta.dir), 'main.ts')]);
