import { cpus, release, type } from 'node:os';

/** Where figures were taken: absolutes hold nowhere else. */
export interface Machine {
  readonly cpus: number;
  readonly model: string;
  readonly system: string;
  readonly node: string;
  readonly natsServer: string;
  /** When the run ended, ISO 8601. */
  readonly at: string;
}

/** Describes this machine. */
export function describeMachine(natsServer: string): Machine {
  const all = cpus();
  return {
    cpus: all.length,
    model: all[0]?.model.trim() ?? 'unknown',
    system: `${type()} ${release()}`,
    node: process.versions.node,
    natsServer,
    at: new Date().toISOString(),
  };
}
