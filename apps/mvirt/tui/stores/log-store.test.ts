import { expect, test } from 'bun:test';
import { createRoot } from 'solid-js';
import { createLogStore } from './log-store.ts';

const line = (text: string, level: 'info' | 'error' = 'info') => ({ at: '2026-01-02T12:01:03Z', source: 'event' as const, level, text });

function withLog(run: (log: ReturnType<typeof createLogStore>, seen: () => string[]) => void): void {
  createRoot((dispose) => {
    const log = createLogStore();
    log.setSize({ width: 30, height: 4 });
    run(log, () => log.visible().map((row) => row.text));
    dispose();
  });
}

test('the newest are followed until somebody scrolls up, and what came since is counted', () =>
  withLog((log, seen) => {
    for (let at = 0; at < 10; at += 1) log.append(line(`l${at}`));
    expect(seen()).toEqual(['l6', 'l7', 'l8', 'l9']);
    log.scroll('line', -1);
    expect([log.following(), log.missed()]).toEqual([false, 0]);
    log.append(line('l10'));
    log.append(line('l11'));
    expect(seen()).toEqual(['l5', 'l6', 'l7', 'l8']);
    expect(log.missed()).toBe(2);
    log.scroll('end', -1);
    expect(seen()).toEqual(['l0', 'l1', 'l2', 'l3']);
    log.scroll('line', -1);
    expect(seen()).toEqual(['l0', 'l1', 'l2', 'l3']);
    log.scroll('page', 1);
    expect(seen()).toEqual(['l3', 'l4', 'l5', 'l6']);
    log.scroll('page', 1);
    log.scroll('page', 1);
    expect([log.following(), log.missed()]).toEqual([true, 0]);
    expect(seen().at(-1)).toBe('l11');
  }));

test('lines are wrapped where asked, and scrolling goes by rows', () =>
  withLog((log, seen) => {
    log.append(line('one'));
    log.append(line('aaaa bbbb cccc dddd eeee ffff gggg hhhh'));
    log.append(line('end'));
    expect(seen().length).toBe(3);
    log.toggleWrap();
    expect(seen().join(' ')).toBe('one aaaa bbbb cccc dddd eeee ffff gggg hhhh end');
    log.setSize({ width: 30, height: 2 });
    expect(seen().at(-1)).toBe('end');
    log.scroll('line', -1);
    expect(seen().at(-1)).toBe('eeee ffff gggg hhhh');
  }));

test('a search walks its hits and goes round, and finds what comes later', () =>
  withLog((log, seen) => {
    for (let at = 0; at < 30; at += 1) log.append(line(at % 10 === 3 ? `Error ${at}` : `l${at}`));
    log.searchFor('error');
    expect(log.search.hits()).toEqual([3, 13, 23]);
    expect(log.toNewestHit()).toBe(true);
    expect(log.search.current()).toBe(23);
    expect(seen()).toContain('Error 23');
    expect(log.following()).toBe(false);
    log.stepHit(-1);
    expect(seen()).toContain('Error 13');
    log.stepHit(1);
    log.stepHit(1);
    expect(log.search.current()).toBe(3);
    log.stepHit(-1);
    expect(log.search.current()).toBe(23);
    log.append(line('another error'));
    expect(log.search.hits()).toEqual([3, 13, 23, 30]);
    log.searchFor('nowhere');
    expect(log.toNewestHit()).toBe(false);
    expect(log.stepHit(1)).toBe(false);
  }));

test('memory is bounded: old lines go with their hits, and a line is cut', () =>
  withLog((log, seen) => {
    log.searchFor('hit');
    log.append(line('hit first'));
    log.append(line('x'.repeat(100_000)));
    expect(seen().at(-1)?.length).toBe(4096);
    log.scroll('end', -1);
    for (let at = 0; at < 5000; at += 1) log.append(line(`l${at}`));
    expect(log.texts('all').length).toBeLessThanOrEqual(2200);
    log.append(line('hit last'));
    expect(log.search.hits().length).toBe(1);
    expect(seen().length).toBe(4);
    expect(log.stepHit(1)).toBe(true);
    expect(seen()).toContain('hit last');
  }));

test('another VM begins with an empty log, and what is searched for stays', () =>
  withLog((log, seen) => {
    log.append(line('a hit'));
    log.searchFor('hit');
    log.clear();
    expect(seen()).toEqual([]);
    log.append(line('hit two'));
    expect(log.search.hits().length).toBe(1);
    expect(log.texts('all')).toEqual(['2026-01-02T12:01:03Z  hit two']);
  }));
