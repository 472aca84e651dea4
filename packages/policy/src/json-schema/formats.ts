import { Ajv2020, type Format } from 'ajv/dist/2020.js';
import formatsPlugin from 'ajv-formats';
import type { Steps } from './steps.ts';

// The package is CommonJS; its declaration hides that the default export is the function itself.
const addFormats = formatsPlugin as unknown as (ajv: Ajv2020) => void;

/**
 * As in ajv-formats, with one change: the user part was `\S+(?::\S*)?@`, which means no more than `\S+@`, but
 * takes time with the square of the text to find that there is no `@`.
 */
const url =
  /^(?:https?|ftp):\/\/(?:\S+@)?(?:(?!(?:10|127)(?:\.\d{1,3}){3})(?!(?:169\.254|192\.168)(?:\.\d{1,3}){2})(?!172\.(?:1[6-9]|2\d|3[0-1])(?:\.\d{1,3}){2})(?:[1-9]\d?|1\d\d|2[01]\d|22[0-3])(?:\.(?:1?\d{1,2}|2[0-4]\d|25[0-5])){2}(?:\.(?:[1-9]\d?|1\d\d|2[0-4]\d|25[0-4]))|(?:(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)(?:\.(?:[a-z0-9\u{00a1}-\u{ffff}]+-)*[a-z0-9\u{00a1}-\u{ffff}]+)*(?:\.(?:[a-z\u{00a1}-\u{ffff}]{2,})))(?::\d{2,5})?(?:\/[^\s]*)?$/iu;

let formats: Readonly<Record<string, Format>> | undefined;

function allFormats(): Readonly<Record<string, Format>> {
  if (!formats) {
    const ajv = new Ajv2020();
    addFormats(ajv);
    formats = { ...ajv.formats, url } as Record<string, Format>;
  }
  return formats;
}

/** Names of the formats that a schema may demand. */
export function knownFormats(): readonly string[] {
  return Object.keys(allFormats());
}

/** What each character may cost, in steps of 10 ns: `regex` has the platform's engine read a pattern. */
function stepsPerCharacter(format: string): number {
  return format === 'regex' ? 15 : 4;
}

/** Adds the formats to a validator; each check of one takes steps from the counter by the text's length. */
export function addMeteredFormats(ajv: Ajv2020, steps: Steps): void {
  for (const [name, format] of Object.entries(allFormats())) {
    const given = typeof format === 'object' && !(format instanceof RegExp) ? format.validate : format;
    const isNumeric = typeof format === 'object' && 'type' in format && format.type === 'number';
    if (isNumeric || typeof given === 'boolean') {
      ajv.addFormat(name, format);
      continue;
    }
    const test = typeof given === 'function' ? (given as (text: string) => boolean) : expressionTest(given);
    const perCharacter = stepsPerCharacter(name);
    ajv.addFormat(name, (text: string) => {
      steps.take(10 + perCharacter * text.length);
      return test(text);
    });
  }
}

function expressionTest(given: unknown): (text: string) => boolean {
  const expression = given instanceof RegExp ? given : new RegExp(String(given), 'u');
  return (text) => expression.test(text);
}
