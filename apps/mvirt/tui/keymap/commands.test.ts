import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fakeVm } from '../testing/fake-agent.ts';
import { type Command, commandOf, type View } from './command.ts';
import { commands, keyEntries } from './commands.ts';
import { keysDocument } from './keys-document.ts';
import { modes } from './mode.ts';

test('docs/keys.md is what the registry says: run `npm run generate` where this fails', () => {
  expect(readFileSync(join(import.meta.dir, '../../../../docs/keys.md'), 'utf8')).toBe(keysDocument());
});

test('no two commands share a key in one mode, and none an id', () => {
  for (const mode of modes) {
    const keys = keyEntries.filter((entry) => entry.when.includes(mode)).flatMap((entry) => entry.keys);
    expect(keys.filter((key, at) => keys.indexOf(key) !== at)).toEqual([]);
  }
  const ids = commands.map((each) => each.id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

test('every mode but the console has a way out, and k kills', () => {
  for (const mode of modes) if (mode !== 'console' && mode !== 'prefix') expect(commandOf(commands, 'escape', mode)).not.toBeNull();
  for (const mode of ['list', 'logs', 'details'] as const) {
    expect(commandOf(commands, 'k', mode)?.id).toBe('kill');
    expect(commandOf(commands, 'j', mode)?.id).toBe('down');
  }
});

const view = (some: Partial<View>): View => ({
  mode: 'list',
  connected: true,
  vms: () => [],
  selected: null,
  marked: [],
  part: null,
  search: '',
  ...some,
});
const command = (id: string): Command => {
  const found = commands.find((each) => each.id === id);
  if (!found) throw new Error(`no command ${id}`);
  return found;
};

test('a command line names a VM so that it means this one alone', () => {
  const line = (name: string | null, others: { id: string; name: string | null }[]) => {
    const vm = fakeVm({ id: 'cafe0000-1', name });
    return command('start').cliLine(view({ selected: vm, vms: () => [vm, ...others.map((other) => fakeVm(other))] }));
  };
  expect(line('web-1', [{ id: 'b', name: 'web-2' }])).toBe('mvirt start web-1');
  expect(line('web', [{ id: 'b', name: 'web' }])).toBe('mvirt start cafe0000-1');
  expect(line('beef', [{ id: 'beef0000', name: null }])).toBe('mvirt start cafe0000-1');
  expect(line('-rf', [])).toBe('mvirt start cafe0000-1');
  expect(line(null, [])).toBe('mvirt start cafe0000-1');
  expect(line("it's here", [])).toBe("mvirt start 'it'\\''s here'");
});

test('with marks an action is for those of them that can', () => {
  const up = fakeVm({ name: 'up', state: 'running' });
  const off = fakeVm({ name: 'off' });
  const marked = view({ selected: off, vms: () => [up, off], marked: [up, off] });
  const acted: string[][] = [];
  const actions = { act: (_: string, vms: readonly { name: string | null }[]) => acted.push(vms.map((vm) => vm.name ?? '')) };
  expect(command('stop').disabledReason(marked)).toBeNull();
  expect(command('stop').cliLine(marked)).toBe('mvirt stop up');
  command('stop').run(actions as never, marked);
  expect(acted).toEqual([['up']]);
  expect(command('resume').disabledReason(marked)).toBe('up is not paused');
});

test('what a hypervisor cannot do is greyed with its reason', () => {
  const vm = fakeVm({ name: 'web', state: 'running', unavailable: { pause: 'no pause here', 'attach-disk': 'no hot-plug here', 'detach-nic': 'NICs stay' } });
  const seen = view({ mode: 'details', selected: vm });
  expect(command('pause').disabledReason(seen)).toBe('no pause here');
  expect(command('attach-disk').disabledReason(seen)).toBe('no hot-plug here');
  expect(command('detach').disabledReason(seen)).toBe('the cursor is on no disk or NIC');
  expect(command('detach').disabledReason({ ...seen, part: { kind: 'nic', mac: '52:54:00:00:00:01' } })).toBe('NICs stay');
  expect(command('detach').disabledReason({ ...seen, part: { kind: 'disk', path: '/a' } })).toBeNull();
  expect(command('attach-nic').disabledReason({ ...seen, connected: false })).toBe('the agent cannot be reached');
});
