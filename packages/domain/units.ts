export const bytesPerKib = 1024;
export const bytesPerMib = 1024 * 1024;

/** Seconds since 1970, as the `vms` table and the gRPC contract count time. */
export const toUnixSeconds = (timeMs: number): number => Math.floor(timeMs / 1000);

/** RFC 3339 in UTC with milliseconds, as `--json` writes time. */
export const toRfc3339 = (timeMs: number): string => new Date(timeMs).toISOString();
