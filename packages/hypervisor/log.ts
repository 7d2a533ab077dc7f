/** Where adapters say what is worth an operator's notice; pino's shape. */
export type HypervisorLog = {
  info(fields: Record<string, unknown>, message: string): void;
  warn(fields: Record<string, unknown>, message: string): void;
};

export const silent: HypervisorLog = { info: () => {}, warn: () => {} };
