import { renameSync, writeFileSync } from 'node:fs';

// Loaded before a program of Bun's own: at SIGUSR2 it collects its garbage, and writes what it then has in memory to a file.
const file = process.env.MVIRT_TEST_MEMORY ?? '';
let round = 0;

process.on('SIGUSR2', () => {
  Bun.gc(true);
  round += 1;
  writeFileSync(`${file}.new`, `${round} ${process.memoryUsage().rss}`);
  renameSync(`${file}.new`, file);
});
