import { agentRouter } from './agent-router.ts';
import { consoleRouter } from './console-router.ts';
import { eventRouter } from './event-router.ts';
import { hostRouter } from './host-router.ts';
import { imageRouter } from './image-router.ts';
import { logRouter } from './log-router.ts';
import { networkRouter } from './network-router.ts';
import { sshRouter } from './ssh-router.ts';
import { createTrpc } from './trpc.ts';
import { vmRouter } from './vm-router.ts';

/** All that a client can ask of an agent, by noun. */
export function createAppRouter() {
  const trpc = createTrpc();
  return trpc.router({
    vm: vmRouter(trpc),
    event: eventRouter(trpc),
    log: logRouter(trpc),
    console: consoleRouter(trpc),
    host: hostRouter(trpc),
    network: networkRouter(trpc),
    ssh: sshRouter(trpc),
    image: imageRouter(trpc),
    agent: agentRouter(trpc),
  });
}

export type AppRouter = ReturnType<typeof createAppRouter>;
