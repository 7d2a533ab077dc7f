export { type AgentConfig, parseConfig } from './config.ts';
export { defaultPaths } from './defaults.ts';
export { runAgent } from './run-agent.ts';
