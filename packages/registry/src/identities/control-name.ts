import { accountNames } from '@causeway/identity';

/** Stands for CONTROL where a tenant stands otherwise; no tenant can be called that. */
export const controlName: string = accountNames.control.toLowerCase();
