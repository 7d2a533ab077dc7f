import { expect, test } from 'bun:test';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { MvirtError } from '@mvirt/domain';
import { tempDir } from '@mvirt/testkit/temp-dir';
import { createReachable } from './reachable.ts';

/** What is under `far` is said to be NFS; whether its server answers is told by the test. The real one: apps/agent/hung-mount.long.test.ts. */
function bench() {
  const dir = tempDir('reachable');
  mkdirSync(dir.join('far'));
  writeFileSync(dir.join('near'), '');
  symlinkSync(dir.join('far'), dir.join('link'));
  symlinkSync('link', dir.join('chain'));
  symlinkSync('circle', dir.join('circle'));
  const looks: string[] = [];
  let outcome: 'answers' | 'missing' | 'hangs' = 'answers';
  const codes = { missing: 'PROGRAM_FAILED', hangs: 'TIMEOUT' } as const;
  const reachable = createReachable(
    {
      async run(argv) {
        looks.push(argv.at(-1) ?? '');
        if (outcome !== 'answers') throw new MvirtError({ code: codes[outcome], message: 'stat' });
        return { stdout: '', stderr: '' };
      },
    },
    () => `1 0 254:0 / / rw - ext4 /dev/vda rw\n2 1 0:9 / ${dir.join('far')} rw - nfs4 host:/x rw\n`,
  );
  return { dir, looks, reachable, server: (now: typeof outcome) => (outcome = now), [Symbol.dispose]: () => dir[Symbol.dispose]() };
}

test("what lies on this host's disks is not asked for, links and what is missing included", async () => {
  using made = bench();
  await made.reachable.look(['near', 'none/at/all', 'circle'].map((name) => made.dir.join(name)));
  expect(made.looks).toEqual([]);
});

test('what lies on another host is, whatever way leads there; a file that is missing is an answer, silence is refused', async () => {
  using made = bench();
  const { dir, reachable, looks, server } = made;
  const paths = [dir.join('far/a'), dir.join('link/a'), dir.join('chain/a'), dir.join('near')];
  expect([...reachable.distant(paths)]).toEqual(paths.slice(0, 3));
  server('missing');
  await reachable.look([...paths, ...paths]);
  expect(looks).toEqual(paths.slice(0, 3));
  server('hangs');
  const late = await reachable.look([dir.join('near'), dir.join('chain/a')]).catch((thrown: unknown) => thrown);
  expect(late).toMatchObject({ code: 'TIMEOUT', message: `${dir.join('chain/a')}: its filesystem has not answered for 3 s` });
});
