import { test } from 'bun:test';
import { surviveHostileCalls } from './testing/hostile.ts';

test('100,000 hostile calls', () => surviveHostileCalls(100_000, 1_000_000), 1_800_000);
