/**
 * Whether one of several tenants may take one more of what a site has for all of them: it may have as much as it leaves to
 * the others, so that whoever takes all he can leaves room for each that comes later.
 */
export function leavesRoom(own: number, all: number, most: number): boolean {
  return all < most && own < most - all;
}
