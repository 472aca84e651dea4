export type { Context } from './context.ts';
export { createProgram } from './program.ts';
