import { expect, test } from 'bun:test';
import { createAdmission } from './admission.ts';
import { createConnectionCount } from './connections.ts';

const peer = (uid: number, gid = uid) => ({ pid: 42, uid, gid });

function admission({ uid = 0, groupId = 900 as number | null, groups = {} as Record<number, number[]> }) {
  const asked: number[] = [];
  const clock = { nowMs: 0 };
  const groupsOf = async (user: number) => {
    asked.push(user);
    return groups[user] ?? [];
  };
  const { check } = createAdmission({ uid, groupId, groupsOf, nowMs: () => clock.nowMs });
  const admits = async (who: Parameters<typeof check>[0]) => {
    try {
      return (await check(who)) === who;
    } catch (error) {
      expect(error).toMatchObject({ code: 'DENIED' });
      return false;
    }
  };
  return { admits, asked, clock };
}

test("root's agent serves root and members of the group, by NSS or by the peer's own group", async () => {
  const { admits, asked } = admission({ groups: { 1000: [1000, 900], 1001: [1001] } });
  expect(await admits(peer(0))).toBe(true);
  expect(await admits(peer(2000, 900))).toBe(true);
  expect(asked).toEqual([]);
  expect(await admits(peer(1000))).toBe(true);
  expect(await admits(peer(1001))).toBe(false);
  expect(await admits(null)).toBe(false);
});

test("an ordinary user's agent serves that user and root; a host without the group has no members", async () => {
  const own = admission({ uid: 1000, groups: { 1001: [900] } });
  expect([await own.admits(peer(1000)), await own.admits(peer(0)), await own.admits(peer(1001)), await own.admits(peer(5, 900))]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  const none = admission({ groupId: null, groups: { 1001: [900] } });
  expect(await none.admits(peer(1001, 0))).toBe(false);
});

test('groups are asked for once in ten seconds', async () => {
  const groups: Record<number, number[]> = { 1000: [900] };
  const { admits, asked, clock } = admission({ groups });
  await admits(peer(1000));
  groups[1000] = [];
  expect(await admits(peer(1000))).toBe(true);
  expect(asked).toEqual([1000]);
  clock.nowMs = 10_001;
  expect(await admits(peer(1000))).toBe(false);
});

test('connections are counted by user, and each place is given back once', () => {
  const count = createConnectionCount(2);
  const one = count.enter('user 5');
  count.enter('user 5');
  expect(() => count.enter('user 5')).toThrow('user 5 has 2 connections');
  count.enter('user 6');
  one[Symbol.dispose]();
  one[Symbol.dispose]();
  count.enter('user 5');
  expect(() => count.enter('user 5')).toThrow('user 5 has 2 connections');
});
