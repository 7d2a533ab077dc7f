#!/usr/bin/env bun
import { buildInfo } from '@mvirt/domain/build-info';

// The version is answered before anything else is loaded.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-V')) {
  console.log(`mvirt ${buildInfo.version}`);
} else if (process.argv[2] === '__complete') {
  const [{ answerCompletion }, { processIo }] = await Promise.all([import('./completion/answer.ts'), import('./cli/io.ts')]);
  process.exit(await answerCompletion(process.argv.slice(3), processIo()));
} else {
  const [{ runCli }, { processIo }] = await Promise.all([import('./cli/main.ts'), import('./cli/io.ts')]);
  process.exit(await runCli(process.argv.slice(2), processIo()));
}
