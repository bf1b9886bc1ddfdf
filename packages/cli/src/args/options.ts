/** What a command's option takes, and what its help says of it. */
export type OptionSpec = FlagSpec | TextSpec | NumberSpec | ChoiceSpec;

interface Described {
  readonly help: string;
  /** One letter for `-x`. */
  readonly short?: string;
}

export interface FlagSpec extends Described {
  readonly kind: 'flag';
}

export interface TextSpec extends Described {
  readonly kind: 'text';
  /** The word that stands for the value in the help, such as `FILE`. */
  readonly value: string;
  readonly required?: true;
}

export interface NumberSpec extends Described {
  readonly kind: 'integer' | 'seconds' | 'percent';
  readonly value: string;
  /** Inclusive. */
  readonly min: number;
  /** Inclusive; no bound when absent. */
  readonly max?: number;
}

export interface ChoiceSpec extends Described {
  readonly kind: 'choice';
  readonly choices: readonly string[];
}

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

type ValueOf<S extends OptionSpec> = S extends FlagSpec
  ? boolean
  : S extends { readonly kind: 'text'; readonly required: true }
    ? string
    : S extends TextSpec
      ? string | undefined
      : S extends NumberSpec
        ? number | undefined
        : S extends ChoiceSpec
          ? S['choices'][number] | undefined
          : never;

/** The values that a command's options have after parsing. */
export type OptionValues<S extends OptionSpecs> = { readonly [K in keyof S]: ValueOf<S[K]> };
