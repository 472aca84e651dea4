// Which part may import which. The picture is in docs/architecture.md; test/house/import-direction.test.ts sees that
// a wrong arrow and a cycle are caught.

const leaves = ['policy', 'audit', 'identity', 'transport', 'nats-server'];

/** Each package with the packages that it may import. */
const arrows = {
  protocol: [],
  ...Object.fromEntries(leaves.map((name) => [name, ['protocol']])),
  registry: ['protocol', ...leaves],
  gateway: ['protocol', ...leaves],
  sdk: ['protocol', 'transport'],
  'http-agent': ['protocol', 'transport', 'sdk'],
  fabric: ['protocol', ...leaves, 'registry', 'gateway', 'sdk', 'http-agent'],
  demo: ['protocol', 'transport', 'sdk', 'fabric'],
  cli: ['protocol', ...leaves, 'registry', 'gateway', 'sdk', 'http-agent', 'fabric', 'demo'],
};
/** Packages that compute and nothing else. */
const pure = { protocol: [], policy: [], audit: ['crypto'] };

const arrowRules = Object.entries(arrows).map(([name, allowed]) => ({
  name: `arrow-${name}`,
  comment: `${name} may import ${allowed.join(', ') || 'no other package'}: see docs/architecture.md`,
  severity: 'error',
  from: { path: `^packages/${name}/` },
  to: { path: '^packages/', pathNot: [name, ...allowed].map((other) => `^packages/${other}/`) },
}));

const pureRules = Object.entries(pure).flatMap(([name, allowed]) => {
  const comment = `${name} is pure: no files, network, NATS or logger; what it needs is passed in`;
  const from = { path: `^packages/${name}/src/`, pathNot: '\\.test\\.ts$' };
  const npm = '(^|/)(nats|nkeys\\.js|pino|@nats-io/[^/]+)(/|$)';
  const core = { dependencyTypes: ['core'], pathNot: allowed.map((module) => `^(node:)?${module}$`) };
  return [
    { name: `pure-${name}-node`, comment, severity: 'error', from, to: core },
    { name: `pure-${name}-npm`, comment, severity: 'error', from, to: { path: npm, pathNot: '^packages/' } },
  ];
});

module.exports = {
  forbidden: [
    ...arrowRules,
    ...pureRules,
    {
      name: 'unknown-package',
      comment: 'A new package needs its arrows in .dependency-cruiser.cjs',
      severity: 'error',
      from: {},
      to: { path: '^packages/', pathNot: Object.keys(arrows).map((name) => `^packages/${name}/`) },
    },
    {
      name: 'no-cycle',
      comment: 'Modules that need each other are one module, or miss a third (type-only imports count)',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'only-by-index',
      comment: 'A package is what its index exports',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: { path: '^packages/([^/]+)/', pathNot: ['^packages/$1/', '^packages/[^/]+/src/index\\.ts$'] },
    },
    {
      name: 'only-by-index-from-outside',
      comment: 'Tests, benches and examples use packages as everybody does',
      severity: 'error',
      from: { path: '^(test|bench|examples)/' },
      to: { path: '^packages/', pathNot: '^packages/[^/]+/src/index\\.ts$' },
    },
    {
      name: 'nothing-from-outside',
      comment: 'Packages do not know who uses them; their unit tests may use test/support',
      severity: 'error',
      from: { path: '^packages/', pathNot: '\\.test\\.ts$' },
      to: { path: '^(test|bench|examples|scripts)/' },
    },
    {
      name: 'unit-tests-use-support-only',
      severity: 'error',
      from: { path: '^packages/.*\\.test\\.ts$' },
      to: { path: '^(test|bench|examples|scripts)/', pathNot: '^test/support/' },
    },
    {
      name: 'unresolvable',
      comment: 'Nothing is there under that name',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)dist/' },
    // Types are imports as well: a cycle of types is still a cycle to whoever reads the code.
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'types', 'default'],
      extensions: ['.ts', '.mjs', '.js', '.json', '.d.ts'],
    },
  },
};
