// Which part of the repository may import which: the table of docs/how-it-works.md. A cycle or a forbidden edge fails `npm run check`.

const src = (...names) => `^harness/src/(${names.join('|')})/`;
const TEST = '\\.test\\.ts$';
const TOPICS = ['suite', 'checks', 'observe', 'media', 'faults', 'environment', 'report'];

/** A part may import itself, what is listed, packages and Node. */
const only = (part, ...allowed) => ({
  name: `${part}-imports-only-what-is-below`,
  severity: 'error',
  from: { path: src(part), pathNot: TEST },
  to: { path: '^(harness|services)/', pathNot: `${src(part, ...allowed)}|/node_modules/` },
});

export default {
  forbidden: [
    {
      name: 'no-cycle',
      severity: 'error',
      from: {},
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
    only('base'),
    only('model', 'base'),
    ...TOPICS.map((topic) => only(topic, 'base', 'model')),
    only('runtime', 'base', 'model', ...TOPICS),
    only('engine', 'base', 'model'),
    only('assembly', 'base', 'model', ...TOPICS, 'runtime', 'engine'),
    only('vitest', 'base', 'model', ...TOPICS, 'engine', 'assembly'),
    {
      name: 'services-stand-alone',
      severity: 'error',
      comment: 'a service imports neither the harness nor another service',
      from: { path: '^services/([^/]+)/' },
      to: { path: '^(harness|services)/', pathNot: '^services/$1/' },
    },
    {
      name: 'mutants-stand-apart',
      severity: 'error',
      comment: 'mutants drive testcard and the services as processes, and nobody needs mutants',
      from: { path: '^suites/' },
      to: { path: '^(harness|services)/' },
    },
    {
      name: 'nobody-imports-suites',
      severity: 'error',
      from: { path: '^(harness|services)/' },
      to: { path: '^suites/' },
    },
    {
      name: 'harness-knows-no-service',
      severity: 'error',
      from: { path: '^harness/', pathNot: TEST },
      to: { path: '^services/' },
    },
    {
      name: 'processes-and-sockets-in-few-places',
      severity: 'error',
      comment:
        'child processes, Docker and sockets appear only in runtime, media, observe and faults (and in the programs around the library)',
      from: { path: '^harness/src/', pathNot: `${src('runtime', 'media', 'observe', 'faults')}|${TEST}` },
      to: {
        path: '^(node:)?(child_process|net|dgram|http|https|tls)$|node_modules/(execa|socket\\.io-client|dockerode|undici)/',
      },
    },
  ],
  options: {
    // dependency-cruiser cannot use TypeScript 7's compiler yet; swc reads the same imports.
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    // Benches, tests' own helpers and fakes may start what they like.
    exclude: { path: '^harness/bench/|/test/|/testing/|/testing\\.ts$|\\.fake\\.ts$' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: false,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
