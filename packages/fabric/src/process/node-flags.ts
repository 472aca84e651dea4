/**
 * How Node is started for a process that stays. Its young generation would grow to 64 MB under load, and a process at
 * rest collects so little that it would keep them (docs/benchmarks.md has figures). `built` is whether the program is
 * built JavaScript, which has maps to its source; stripped types keep every position. `idle` is for one that has
 * little to do and no calls to pass on: there memory counts for more than speed.
 */
export function nodeFlags(options: { readonly built: boolean; readonly idle?: boolean }): readonly string[] {
  return [
    '--max-semi-space-size=2',
    ...(options.idle ? ['--optimize-for-size'] : []),
    ...(options.built ? ['--enable-source-maps'] : []),
  ];
}
