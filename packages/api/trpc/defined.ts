type Defined<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** The same object without keys that are undefined: a client may send either, the engine knows only absence. */
export function defined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined)) as Defined<T>;
}
