/**
 * How Node is started for a process that stays. Its young generation would grow to 64 MB under load, and a process at
 * rest collects so little that it would keep them (docs/benchmarks.md has figures of both). `built` is whether the
 * program is built JavaScript, which has maps to its source; stripped types keep every position.
 */
export function nodeFlags({ built }: { readonly built: boolean }): readonly string[] {
  return ['--max-semi-space-size=2', ...(built ? ['--enable-source-maps'] : [])];
}
