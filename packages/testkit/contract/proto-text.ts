import { enums, type Generation, messages, methods, rowsOf } from './tables.ts';

/** A proto file as a client of that generation has it. */
export function protoText(generation: Generation): string {
  const blocks = [
    ...rowsOf(enums, generation).map(([name, values]) => block(`enum ${name}`, values.map(assignment))),
    ...rowsOf(messages, generation).map(([name, fields]) => block(`message ${name}`, fields.map(field))),
    block(
      'service VmService',
      rowsOf(methods, generation).map(([name, [signature = '']]) => method(name, signature)),
    ),
  ];
  return ['syntax = "proto3";', 'package mvirt;', ...blocks, ''].join('\n');
}

const block = (head: string, lines: string[]): string => [`${head} {`, ...lines.map((line) => `  ${line};`), '}'].join('\n');

const assignment = (value: string): string => value.replace(/ (\d+)$/, ' = $1');

/** "name 2 optional string" is "optional string name = 2". */
function field(text: string): string {
  const [name, number, ...type] = text.split(' ');
  return `${type.join(' ')} ${name} = ${number}`;
}

function method(name: string, signature: string): string {
  const [request, response] = signature.split(' → ');
  return `rpc ${name}(${request}) returns (${response})`;
}
