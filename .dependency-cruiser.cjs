// The arrows of docs/architecture.md: A may import B. Anything else fails, and says why.

/** Tests, and what stands beside them for tests alone. */
const tests = '(\\.test\\.tsx?$|/testing/)';
const area = (path) => `^${path}/`;
/** A package's port: the files at its root, no adapter's folder. */
const root = (name) => `^packages/${name}/[^/]+\\.ts$`;

const everything = '^(apps|packages)/';

/** from: what may be imported, as patterns of paths. */
const arrows = [
  { from: area('packages/domain'), to: [], why: 'domain is pure: it imports nothing of ours' },
  { from: area('packages/host'), to: [area('packages/domain')], why: 'host stands on domain alone' },
  { from: area('packages/guests'), to: [area('packages/domain'), root('host')], why: 'guests are built with the host port alone' },
  { from: area('packages/cloud-init'), to: [area('packages/domain')], why: 'cloud-init is pure: the host runs what it plans' },
  { from: area('packages/store'), to: [area('packages/domain')], why: 'the store knows VMs, not who uses it' },
  { from: area('packages/hypervisor'), to: [area('packages/domain'), root('host')], why: 'a driver reaches the kernel through the host port' },
  { from: area('packages/network'), to: [area('packages/domain'), root('host')], why: 'networks are made through the host port' },
  {
    from: area('packages/engine'),
    to: [area('packages/domain'), root('host'), root('hypervisor'), root('network'), root('store'), area('packages/cloud-init')],
    why: 'behaviour is written against ports, never against an adapter',
  },
  { from: area('packages/api/schema'), to: [area('packages/domain')], why: 'what a client can say depends on domain alone' },
  {
    from: area('packages/api/trpc'),
    to: [area('packages/domain'), area('packages/api/schema'), root('engine')],
    typesOnly: [area('packages/engine')],
    why: 'a door translates: it knows the services by their types only',
  },
  { from: area('packages/api/wire'), to: ['^proto/'], why: 'the bytes of the gRPC contract stand on its file alone' },
  {
    from: area('packages/api/grpc'),
    to: [area('packages/domain'), area('packages/api/wire'), root('engine')],
    typesOnly: [area('packages/engine')],
    why: 'a door translates: it knows the services by their types only',
  },
  {
    from: area('packages/api/client'),
    to: [area('packages/domain'), area('packages/api/schema'), area('packages/api/wire'), area('packages/api/trpc')],
    typesOnly: [area('packages/api/trpc')],
    why: 'a client loads no server code',
  },
  { from: area('apps/agent'), to: ['^packages/(?!testkit/)'], why: 'the agent wires everything but test code' },
  {
    from: area('apps/mvirt'),
    to: [area('packages/api/client'), area('packages/api/schema'), area('packages/domain'), area('apps/agent')],
    why: 'the command line and the UI reach the agent through its client',
  },
];

module.exports = {
  forbidden: [
    ...arrows.map(({ from, to, why }) => ({
      name: `arrow: ${from.slice(1, -1)}`,
      comment: why,
      severity: 'error',
      from: { path: from, pathNot: tests },
      to: { path: everything, pathNot: [from, ...to] },
    })),
    ...arrows
      .filter((arrow) => arrow.typesOnly)
      .map(({ from, typesOnly, why }) => ({
        name: `types only: ${from.slice(1, -1)}`,
        comment: `${why}: use "import type"`,
        severity: 'error',
        from: { path: from, pathNot: tests },
        to: { path: typesOnly, dependencyTypesNot: ['type-only'] },
      })),
    {
      name: 'adapters only in wire.ts',
      comment: 'apps/agent/wire.ts is the one place that names concrete adapters',
      severity: 'error',
      from: { path: '^apps/agent/', pathNot: [tests, '^apps/agent/wire\\.ts$'] },
      to: { path: '^packages/(host/linux|hypervisor/(qemu|cloud-hypervisor)|network/linux|store/sqlite)/' },
    },
    {
      name: 'the agent is loaded on demand',
      comment: 'only the agent and doctor commands load apps/agent, by dynamic import: other commands stay fast',
      severity: 'error',
      from: { path: '^apps/mvirt/', pathNot: tests },
      to: { path: '^apps/agent/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'the UI is loaded on demand',
      comment: 'a subcommand never loads the full-screen UI',
      severity: 'error',
      from: { path: '^apps/mvirt/', pathNot: ['^apps/mvirt/tui/', tests] },
      to: { path: '^apps/mvirt/tui/', dependencyTypesNot: ['dynamic-import', 'type-only'] },
    },
    {
      name: 'domain has no I/O',
      comment: 'domain is pure: no node: module',
      severity: 'error',
      from: { path: '^packages/domain/', pathNot: tests },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'test code stays in tests',
      comment: 'testkit is for tests and benchmarks only',
      severity: 'error',
      from: { path: '^(apps|packages)/', pathNot: [tests, '^packages/testkit/'] },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'declared and there',
      comment: 'an import that does not resolve: declare the package in package.json, or mend the path',
      severity: 'error',
      from: { path: '^(apps|packages|scripts|bench)/', pathNot: tests },
      to: { couldNotResolve: true, pathNot: '^bun(:|$)' },
    },
    {
      name: 'no cycles',
      comment: 'files that need each other are one file, or have a third one to share',
      severity: 'error',
      from: { path: everything, pathNot: [tests, '^packages/testkit/'] },
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['node_modules', '\\.d\\.ts$'] },
    tsPreCompilationDeps: true,
    detectProcessBuiltinModuleCalls: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'default', 'types'] },
  },
};
