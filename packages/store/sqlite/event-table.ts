import { type LifecycleEvent, lifecycleEventTypes } from '@mvirt/domain';
import type { EventTable, NoteTable } from '../port.ts';
import { detailSchema, readJson } from './json-column.ts';
import type { Database } from './native.ts';

type EventRow = { seq: number; at_ms: number; vm_id: string; vm_name: string | null; type: string; message: string; detail_json: string };

type EventDeps = { db: Database; notes: NoteTable; transact: <T>(work: () => T) => T };

const columns = 'seq, at_ms, vm_id, vm_name, type, message, detail_json';

/** AUTOINCREMENT keeps the sequence over deletions; `given` keeps it over a rollback, which takes the counter back. */
export function createEventTable({ db, notes, transact }: EventDeps): EventTable {
  const insert = db.prepare<[EventRow]>(`INSERT INTO mvirt_events (${columns}) VALUES (@seq, @at_ms, @vm_id, @vm_name, @type, @message, @detail_json)`);
  const counter = db.prepare<[], { seq: number }>("SELECT seq FROM sqlite_sequence WHERE name = 'mvirt_events'");
  const sinceAll = db.prepare<[number, number], EventRow>(`SELECT ${columns} FROM mvirt_events WHERE seq > ? ORDER BY seq LIMIT ?`);
  const sinceOne = db.prepare<[number, string, number], EventRow>(`SELECT ${columns} FROM mvirt_events WHERE seq > ? AND vm_id = ? ORDER BY seq LIMIT ?`);
  const lastAll = db.prepare<[number], EventRow>(`SELECT ${columns} FROM mvirt_events ORDER BY seq DESC LIMIT ?`);
  const lastOne = db.prepare<[string, number], EventRow>(`SELECT ${columns} FROM mvirt_events WHERE vm_id = ? ORDER BY seq DESC LIMIT ?`);
  const dropBelow = db.prepare<[number]>('DELETE FROM mvirt_events WHERE seq < ?');
  const firstSince = db.prepare<[number], { seq: number }>('SELECT seq FROM mvirt_events WHERE at_ms >= ? ORDER BY seq LIMIT 1');
  const newest = db.prepare<[number], { seq: number }>('SELECT seq FROM mvirt_events ORDER BY seq DESC LIMIT 1 OFFSET ?');

  const lastSeq = (): number => counter.get()?.seq ?? 0;
  let given = lastSeq();
  const droppedTo = (): number => Number(notes.get('events-dropped-to') ?? 0);
  /** The first event that stays where `keep` newest ones do; 1: all stay. */
  const firstOf = (keep: number): number => (keep === 0 ? lastSeq() + 1 : (newest.get(keep - 1)?.seq ?? 1));
  const firstKept = (keep: number, aged: { atMs: number; spare: number } | null): number => {
    const byCount = firstOf(keep);
    if (aged === null) return byCount;
    const byAge = Math.min(firstSince.get(aged.atMs)?.seq ?? lastSeq() + 1, firstOf(aged.spare));
    return Math.max(byCount, byAge);
  };

  return {
    append(vm, draft, atMs) {
      given = Math.max(given, lastSeq()) + 1;
      const event: LifecycleEvent = { seq: given, atMs, vmId: vm.id, vmName: vm.name, type: draft.type, message: draft.message, detail: draft.detail ?? {} };
      insert.run({
        seq: event.seq,
        at_ms: atMs,
        vm_id: vm.id,
        vm_name: vm.name,
        type: event.type,
        message: event.message,
        detail_json: JSON.stringify(event.detail),
      });
      return event;
    },
    since: (seq, { limit, vmId }) => (vmId === undefined ? sinceAll.all(seq, limit) : sinceOne.all(seq, vmId, limit)).map(decode),
    last: ({ limit, vmId }) => (vmId === undefined ? lastAll.all(limit) : lastOne.all(vmId, limit)).reverse().map(decode),
    lastSeq,
    prune: ({ keep, aged }) =>
      transact(() => {
        const first = firstKept(keep, aged);
        const dropped = dropBelow.run(first).changes;
        if (dropped > 0) notes.put('events-dropped-to', `${first - 1}`);
        return dropped;
      }),
    droppedTo,
  };
}

function decode(row: EventRow): LifecycleEvent {
  return {
    seq: row.seq,
    atMs: row.at_ms,
    vmId: row.vm_id,
    vmName: row.vm_name,
    type: lifecycleEventTypes.find((type) => type === row.type) ?? 'warning',
    message: row.message,
    detail: readJson(row.detail_json, detailSchema, {}),
  };
}
