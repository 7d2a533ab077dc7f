import type { Services } from '@mvirt/engine';
import type { Empty, SystemInfo, VersionInfo } from '../wire/index.ts';
import { type CallDeps, unary } from './call.ts';
import { toSystemInfo } from './system-message.ts';

/** The agent and its host. */
export function hostMethods({ host }: Pick<Services, 'host'>, version: string, deps: CallDeps) {
  return {
    GetVersion: unary<Empty, VersionInfo>(deps, 'GetVersion', () => ({ version })),
    GetSystemInfo: unary<Empty, SystemInfo>(deps, 'GetSystemInfo', async () => toSystemInfo(await host.systemInfo())),
  };
}
