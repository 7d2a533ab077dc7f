/** The cursor so many bytes before another one: `<log id>:<offset>`, as the console gives them. */
export function cursorBefore(cursor: string, bytes: number): string {
  const at = cursor.lastIndexOf(':');
  return `${cursor.slice(0, at)}:${Number(cursor.slice(at + 1)) - bytes}`;
}
