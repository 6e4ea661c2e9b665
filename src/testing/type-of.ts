/**
 * Type of: what a test of types asks of an expression. Nothing of it runs: the compiler is the test.
 */
type Equal<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Is this expression of exactly this type? */
export declare function typeOf<Actual>(value: Actual): {
  is<Expected>(...isEqual: Equal<Actual, Expected> extends true ? [] : [never]): void;
};
