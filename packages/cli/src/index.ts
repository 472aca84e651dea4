export { explainScreen } from './commands/explain-screen.ts';
export type { Context } from './context.ts';
export { createProgram } from './program.ts';
