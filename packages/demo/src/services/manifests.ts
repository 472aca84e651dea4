import type { ManifestOf } from '@causeway/sdk';

const symbol = { type: 'string', pattern: '^[A-Z0-9]{1,8}$' } as const;
const date = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}$' } as const;
const dated = {
  type: 'object',
  properties: { date, price: { type: 'number' } },
  required: ['date', 'price'],
  additionalProperties: false,
} as const;
const holding = {
  type: 'object',
  properties: { symbol, quantity: { type: 'number', exclusiveMinimum: 0 } },
  required: ['symbol', 'quantity'],
  additionalProperties: false,
} as const;
const nothing = { type: 'object', additionalProperties: false } as const;

/** Prices of shares, as exchange A has them. */
export const quotesManifest = {
  kind: 'api',
  service: 'quotes',
  version: '1.0.0',
  description: 'Monthly prices of five shares and of the S&P 500 (symbol SP500), 2000 to 2010',
  endpoints: {
    latest: {
      description: 'The newest price of a symbol',
      idempotent: true,
      request: {
        type: 'object',
        properties: { symbol },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: {
        type: 'object',
        properties: { symbol, date, price: { type: 'number' } },
        required: ['symbol', 'date', 'price'],
        additionalProperties: false,
      },
    },
    history: {
      description: 'All prices of a symbol, from and to the dates given, both included',
      idempotent: true,
      request: {
        type: 'object',
        properties: { symbol, from: date, to: date },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: {
        type: 'object',
        properties: { symbol, prices: { type: 'array', items: dated } },
        required: ['symbol', 'prices'],
        additionalProperties: false,
      },
    },
  },
} as const satisfies ManifestOf;

/** What desk B holds. */
export const positionsManifest = {
  kind: 'api',
  service: 'positions',
  version: '1.0.0',
  description: 'The holdings of a trading desk',
  endpoints: {
    list: {
      description: 'What the desk holds',
      idempotent: true,
      request: nothing,
      reply: {
        type: 'object',
        properties: { positions: { type: 'array', items: holding } },
        required: ['positions'],
        additionalProperties: false,
      },
    },
    value: {
      description: 'What the holdings are worth at the newest quotes, in US dollars',
      idempotent: true,
      request: nothing,
      reply: {
        type: 'object',
        properties: { value: { type: 'number' }, quotedOn: date },
        required: ['value', 'quotedOn'],
        additionalProperties: false,
      },
    },
  },
} as const satisfies ManifestOf;

/** What prices say about risk. */
export const riskManifest = {
  kind: 'api',
  service: 'risk',
  version: '1.0.0',
  description: 'Figures of risk, computed from the history of quotes',
  endpoints: {
    volatility: {
      description: 'Yearly volatility: standard deviation of monthly log returns, times the root of 12',
      idempotent: true,
      request: {
        type: 'object',
        properties: { symbol, from: date, to: date },
        required: ['symbol'],
        additionalProperties: false,
      },
      reply: {
        type: 'object',
        properties: { symbol, volatility: { type: 'number' }, months: { type: 'integer' } },
        required: ['symbol', 'volatility', 'months'],
        additionalProperties: false,
      },
    },
    valueAtRisk: {
      description: 'Loss within a month that is not exceeded with this confidence, by historical simulation',
      idempotent: true,
      request: {
        type: 'object',
        properties: {
          portfolio: { type: 'array', items: holding, minItems: 1, maxItems: 32 },
          confidence: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
        },
        required: ['portfolio', 'confidence'],
        additionalProperties: false,
      },
      reply: {
        type: 'object',
        properties: {
          value: { type: 'number' },
          loss: { type: 'number' },
          months: { type: 'integer' },
        },
        required: ['value', 'loss', 'months'],
        additionalProperties: false,
      },
    },
  },
} as const satisfies ManifestOf;
