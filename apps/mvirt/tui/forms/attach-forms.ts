import type { ActionAnswer, Vm } from '@mvirt/api/schema';
import { diskSchema, macSchema, toMvirtError } from '@mvirt/domain';
import { network } from '../../cli/values.ts';
import { shellLine } from '../layout/format.ts';
import { plainText } from '../layout/text.ts';
import { vmLabel } from '../layout/vm-row.ts';
import type { Agent } from '../stores/agent.ts';
import { type Done, type Form, type Values, withoutOption } from './form.ts';

type Deps = { agent: Agent; vm: Vm; word: string };

const text = (values: Values, id: string): string => (values[id] ?? '').trim();
const doneOf = ({ vm, note }: ActionAnswer, what: string): Done => ({ text: `${vmLabel(vm)}: ${what}`, warnings: note === null ? [] : [note], vm });

/** Adds a disk, at once where the VM runs. */
export function attachDiskForm({ agent, vm, word }: Deps): Form {
  const parse = (values: Values, button: number) => {
    const format = text(values, 'format');
    return { path: text(values, 'path'), readonly: button === 1, ...(format === '' ? {} : { format }) };
  };
  return {
    title: `Add a disk to ${vmLabel(vm)}`,
    fields: [
      { id: 'path', label: 'Disk', kind: 'file', example: '/srv/vm/data.raw, or a block device' },
      { id: 'format', label: 'Format', kind: 'text', example: 'raw or qcow2; none: by the name' },
    ],
    buttons: ['Add', 'Add read-only'],
    initial: { path: '', format: '' },
    fieldOf: (name) => (name === 'path' || name === 'format' ? name : undefined),
    line: (values, button) => {
      const { path, readonly, format } = parse(values, button);
      return shellLine(['mvirt', 'attach-disk', word, path || 'PATH', ...(readonly ? ['--ro'] : []), ...(format === undefined ? [] : ['--format', format])]);
    },
    async prepare(values, button) {
      const request = parse(values, button);
      const { data, error } = diskSchema.safeParse(request);
      if (data === undefined) return { errors: Object.fromEntries(error.issues.map((issue) => [String(issue.path[0] ?? 'form'), issue.message])) };
      const { format: _byName, ...named } = data;
      const disk = request.format === undefined ? named : data;
      return { errors: null, send: async (signal) => doneOf(await agent.attachDisk(vm.id, disk, { signal }), `attached disk ${plainText(disk.path)}`) };
    },
  };
}

/** Adds a NIC, at once where the VM runs. */
export function attachNicForm({ agent, vm, word }: Deps): Form {
  return {
    title: `Add a NIC to ${vmLabel(vm)}`,
    fields: [
      { id: 'network', label: 'Network', kind: 'text', example: 'default, another network, bridge:NAME, tap=NAME; then ,ip=…' },
      { id: 'mac', label: 'MAC', kind: 'text', example: '52:54:00:12:34:56; none: made from the id' },
    ],
    buttons: ['Add'],
    initial: { network: 'default', mac: '' },
    fieldOf: (name) => (name === 'mac' ? 'mac' : name === 'tap' || name === 'network' ? 'network' : undefined),
    line: (values) => {
      const [net, mac] = [text(values, 'network'), text(values, 'mac')];
      return shellLine(['mvirt', 'attach-nic', word, ...(net === '' || net === 'default' ? [] : ['--network', net]), ...(mac === '' ? [] : ['--mac', mac])]);
    },
    async prepare(values) {
      const errors: Record<string, string> = {};
      const mac = macSchema.safeParse(text(values, 'mac'));
      if (text(values, 'mac') !== '' && !mac.success) errors.mac = mac.error.issues[0]?.message ?? 'is no MAC';
      try {
        const nic = network(text(values, 'network') || 'default');
        const wanted = mac.data ?? nic.mac;
        if (Object.keys(errors).length > 0) return { errors };
        const request = {
          ...(nic.tap === null ? {} : { tap: nic.tap }),
          ...(wanted === null ? {} : { mac: wanted }),
          ...(nic.network === null ? {} : { network: nic.network, ips: nic.ips }),
        };
        return { errors: null, send: async (signal) => doneOf(await agent.attachNic(vm.id, request, { signal }), 'attached a NIC') };
      } catch (error) {
        return { errors: { ...errors, network: withoutOption(toMvirtError(error).message) } };
      }
    },
  };
}
