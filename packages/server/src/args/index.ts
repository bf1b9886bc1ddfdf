/**
 * @module Options of programs: their definitions, parsing of arguments and environment, help texts; and the readers of
 * their output.
 */
export { asksForHelp, listOptions, wrap } from './help.ts';
export {
  choice,
  flag,
  integer,
  number,
  type Option,
  type Options,
  or,
  requiredText,
  text,
  unexpected,
  type Values,
} from './options.ts';
export { onlyOptions, type Parsed, parseOptions } from './parse.ts';
export { isReaderGone, outliveReaders } from './readers.ts';
export { didYouMean, unknownAction } from './suggest.ts';
export { UsageError } from './usage-error.ts';
