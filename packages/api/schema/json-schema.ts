import { z } from 'zod';
import { commandDocuments } from './documents.ts';

/** docs/schema as it has to be: a JSON Schema for each document of `--json`, by file name. */
export function schemaFiles(): Record<string, string> {
  const files = Object.entries(commandDocuments).map(([name, schema]) => {
    const body = z.toJSONSchema(schema, { io: 'output', unrepresentable: 'any' });
    return [`${name}.json`, `${JSON.stringify({ title: `mvirt ${name} --json`, ...body }, null, 2)}\n`] as const;
  });
  return Object.fromEntries(files);
}
