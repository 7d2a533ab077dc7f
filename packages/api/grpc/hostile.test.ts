import { test } from 'bun:test';
import { surviveHostileCalls } from './testing/hostile.ts';

test('hostile bytes and values in every method', () => surviveHostileCalls(3000, 1), 60_000);
