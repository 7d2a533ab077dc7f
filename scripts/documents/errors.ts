import { errorTable } from '@mvirt/domain';

/** docs/errors.md. */
export function errorsDocument(): string {
  const rows = Object.entries(errorTable).map(([code, { exit, grpc, hint }]) => `- \`${code}\`: exit status ${exit}, gRPC \`${grpc}\`. ${hint}.`);
  return `${[...head, rows.join('\n')].join('\n\n')}\n`;
}

const head = [
  '# Error codes',
  'Made from the code by `npm run generate`. Under `--json` an error has one of these codes, a message that names what failed, and a hint; the hint here is the one that is given where nothing better is known. [cli.md](cli.md) has the exit statuses, [troubleshooting.md](troubleshooting.md) what to do.',
];
