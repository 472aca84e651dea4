const patterns: readonly (readonly [RegExp, string])[] = [
  // Blocks first, so that what stands around a secret goes with it. A block that is cut off is masked to the end.
  [/-{3,}BEGIN [A-Z ]*PRIVATE KEY-{3,}[\s\S]*?(?:-{3,}END [A-Z ]*PRIVATE KEY-{3,}|$)/g, '[private key]'],
  [/-{3,}BEGIN [A-Z ]*NKEY SEED-{3,}[\s\S]*?(?:-{3,}END [A-Z ]*NKEY SEED-{3,}|$)/g, '[seed]'],
  [/-{3,}BEGIN NATS [A-Z]+ JWT-{3,}[\s\S]*?(?:-{3,}END NATS [A-Z]+ JWT-{3,}|$)/g, '[jwt]'],
  // All three parts, or what is left of them.
  [/eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){0,2}/g, '[jwt]'],
  // No word boundaries: a seed glued to other text is a seed all the same. Public keys are too short to match.
  [/S[OAUNCX][A-Z2-7]{56}/g, '[seed]'],
  // An NKey's private half as the library shows it: P, 64 bytes and a checksum in base32.
  [/P[A-Z2-7]{100,}/g, '[private key]'],
];

/** The text with NKey seeds, JWTs, .creds blocks and private keys masked; also inside JSON strings. */
export function redactSecrets(text: string): string {
  return patterns.reduce((masked, [pattern, mask]) => masked.replace(pattern, mask), text);
}

const fields = ['seed', 'jwt', 'creds', 'credentials', 'privateKey', 'signer', 'secret', 'queueSecret'];

/** Fields that never belong into a log, for pino's `redact`: at the top and up to two levels down. */
export const secretPaths: readonly string[] = fields.flatMap((field) => [
  field,
  `*.${field}`,
  `*.*.${field}`,
]);
