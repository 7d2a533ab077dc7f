import { expect, test } from 'bun:test';
import { asVmId } from '@mvirt/domain';
import { createVmFeed } from './vm-feed.ts';

test('a listener that throws is reported, and holds up nobody', () => {
  const defects: unknown[] = [];
  const told: string[] = [];
  const feed = createVmFeed((error) => defects.push(error));
  const defect = new Error('no');
  using _bad = feed.listen(asVmId('a'), () => {
    throw defect;
  });
  using _good = feed.listen(null, ({ id }) => told.push(id));
  feed.tell({ kind: 'changed', id: asVmId('a') });
  expect(defects).toEqual([defect]);
  expect(told).toEqual(['a']);
});
