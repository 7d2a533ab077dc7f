import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { type TempDir, tempDir } from '../temp-dir.ts';

/** Debian's own, which has python3-grpcio; the one in PATH may be another. */
export const python = '/usr/bin/python3';

let looked: { missing: string | null } | null = null;

/** Why there can be no peer in Python here, for a skip; null where there can. */
export function noPython(): string | null {
  looked ??= { missing: look() };
  return looked.missing;
}

function look(): string | null {
  try {
    execFileSync(python, ['-c', 'import grpc, grpc_tools'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'gRPC for Python is not installed (Debian packages python3-grpcio and python3-grpc-tools)';
  }
}

const compiled = new Map<string, Record<string, Buffer>>();

/** A folder with mvirt.proto, its stubs for Python, and the descriptor that protoc makes of it (mvirt.bin); compiled once. */
export function compileProto(text: string): TempDir {
  const dir = tempDir('proto');
  const known = compiled.get(text);
  for (const [name, bytes] of Object.entries(known ?? {})) writeFileSync(dir.join(name), bytes);
  if (known) return dir;
  writeFileSync(dir.join('mvirt.proto'), withoutOptional(text));
  const flags = ['-I.', '--python_out=.', '--grpc_python_out=.', '--descriptor_set_out=mvirt.bin'];
  try {
    execFileSync(python, ['-m', 'grpc_tools.protoc', ...flags, 'mvirt.proto'], { cwd: dir.path });
  } catch (error) {
    dir[Symbol.dispose]();
    throw error;
  }
  compiled.set(text, Object.fromEntries(readdirSync(dir.path).map((name) => [name, readFileSync(dir.join(name))])));
  return dir;
}

/** The descriptor that protoc makes of a proto file, as JSON. */
export function describeProto(text: string): unknown {
  using dir = compileProto(text);
  const script = `
from google.protobuf import descriptor_pb2, json_format
print(json_format.MessageToJson(descriptor_pb2.FileDescriptorSet.FromString(open("mvirt.bin", "rb").read()).file[0]))`;
  return JSON.parse(execFileSync(python, ['-c', script], { cwd: dir.path, encoding: 'utf8' }));
}

/** Debian's protoc is older than proto3's `optional`, which is short for a oneof of one: the same bytes, and the same presence. */
const withoutOptional = (text: string): string => text.replaceAll(/^( *)optional (\S+ (\S+) = \d+;)/gm, '$1oneof _$3 { $2 }');
