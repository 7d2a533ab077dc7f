const childProcess = () => process.getBuiltinModule('node:child_process');

/** As far as commander uses it, for subcommands that are programs of their own. */
export default { spawn: (...how: Parameters<ReturnType<typeof childProcess>['spawn']>) => childProcess().spawn(...how) };
