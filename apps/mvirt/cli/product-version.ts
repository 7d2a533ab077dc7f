import manifest from '../../../package.json';

export const productVersion: string = manifest.version;
