/** The version of this package. A test checks that it equals that in `package.json`. */
export const VERSION = '0.1.0';
