import { runFiles } from '@mvirt/host';

/** Names of sockets in a run directory, which commands of other programs know as well. */
export const sockets = { qmp: 'qmp.sock', api: 'api.sock' } as const;

const own: string[] = [sockets.qmp, sockets.api, `${sockets.api}.lock`, 'nvram.fd', runFiles.fifo, runFiles.pid];

/** Files of earlier runs, whichever hypervisor made them: a new run takes them away. The logs stay. */
export const isRunFile = (name: string): boolean => /^(events-.*\.(in|out|seen|seen\.part)|exit-.*)$/.test(name) || own.includes(name);
