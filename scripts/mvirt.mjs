// npm run mvirt -- ARGS: the command line from the sources.
import { existsSync } from 'node:fs';
import { become, bun, bunEnv, ensureBun, root } from './lib/bun.mjs';

ensureBun((line) => console.error(`mvirt: ${line}`));
// From any other folder (npm --prefix) it is still the agent of this checkout, where one runs.
const socket = `${root}/tmp/agent.sock`;
const env = { ...(existsSync(socket) ? { MVIRT_SOCKET: socket } : {}), ...bunEnv() };
become([bun, `${root}/apps/mvirt/main.ts`, ...process.argv.slice(2)], { cwd: process.env.INIT_CWD ?? process.cwd(), env });
