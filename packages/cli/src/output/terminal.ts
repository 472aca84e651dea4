/** The part of a stream that tells what it is. */
export type Terminal = Pick<NodeJS.WriteStream, 'isTTY' | 'columns'>;

/**
 * True where colours are wanted: on a terminal, unless NO_COLOR is set (to anything but nothing), and wherever FORCE_COLOR
 * says so. Of the two NO_COLOR has the last word.
 */
export function coloured(stream: Terminal, env: NodeJS.ProcessEnv): boolean {
  if (env.NO_COLOR || env.FORCE_COLOR === '0' || env.FORCE_COLOR === 'false') return false;
  return Boolean(env.FORCE_COLOR) || (Boolean(stream.isTTY) && env.TERM !== 'dumb');
}

/**
 * Columns that there are: what COLUMNS says, else those of the terminal. Undefined where the output goes to a file or a
 * program, which want it whole.
 */
export function terminalWidth(stream: Terminal, env: NodeJS.ProcessEnv): number | undefined {
  const told = Number(env.COLUMNS);
  if (Number.isInteger(told) && told > 0) return told;
  return stream.isTTY ? stream.columns || 80 : undefined;
}

const codes = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33 } as const;

/** Names of the styles in use. */
export type Style = keyof typeof codes;

/** A function that gives a text a style, or leaves it as it is where colours are not wanted. */
export function painter(on: boolean): (style: Style, text: string) => string {
  return (style, text) => (on && text ? `\u001b[${codes[style]}m${text}\u001b[0m` : text);
}

/** A text without characters that steer a terminal: what others wrote must not move the cursor, nor turn words round. */
export function printable(text: string): string {
  return text.replaceAll(/(?!\n)[\p{Cc}\p{Bidi_Control}]/gu, '?');
}

/** The same on one line: what others wrote must not pass for a line of ours. */
export function printableLine(text: string): string {
  return printable(text).replaceAll('\n', ' ');
}

/** Characters that steer a terminal, and that JSON leaves as they are. */
export const steering = /[\u007f-\u009f\p{Bidi_Control}]/u;

/**
 * JSON, or YAML, for a terminal as well as for a program: characters that steer are written as escapes, which both
 * languages read as what they stand for. They stand in quoted texts alone, and JSON itself leaves some as they are.
 */
export function escapeSteering(quoted: string): string {
  return quoted.replaceAll(
    new RegExp(steering, 'gu'),
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** A line cut to a width, with an ellipsis where something is missing. */
export function cut(line: string, width: number | undefined): string {
  if (width === undefined || line.length <= width) return line;
  return `${line.slice(0, Math.max(0, width - 1))}…`;
}
