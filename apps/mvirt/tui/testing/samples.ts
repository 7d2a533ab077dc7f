import { fakeVm } from './fake-agent.ts';

/** One VM of each kind that the list tells apart. */
export const everyState = () => [
  fakeVm({ name: 'web-1', state: 'running' }),
  fakeVm({ name: 'web-2', state: 'running', responsive: false }),
  fakeVm({ name: 'db', state: 'stopped' }),
  fakeVm({ name: 'crashed', state: 'stopped', lastExit: { at: '2026-01-01T00:00:00Z', cause: 'vmm-signal', detail: 'SIGSEGV', hint: null } }),
  fakeVm({ name: 'booting', state: 'starting' }),
  fakeVm({ name: 'ending', state: 'stopping' }),
  fakeVm({ name: 'frozen', state: 'paused' }),
];
