#!/usr/bin/env bun
import { productVersion } from './cli/product-version.ts';

// The version is answered before anything else is loaded.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  console.log(`mvirt ${productVersion}`);
} else {
  const [{ runCli }, { processIo }] = await Promise.all([import('./cli/main.ts'), import('./cli/io.ts')]);
  process.exit(await runCli(process.argv.slice(2), processIo()));
}
