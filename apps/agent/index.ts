export { type AgentConfig, parseConfig } from './config.ts';
export { defaultPaths } from './defaults.ts';
export { type DoctorOptions, runDoctor } from './doctor/run-doctor.ts';
export { runAgent } from './run-agent.ts';
