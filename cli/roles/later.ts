/**
 * What a process has only some time after it began to serve: calls that need it wait, as long as it may be expected to come.
 * @module
 */
import { IntentError } from "../../mod/intent/error.ts";

/** Milliseconds that one call waits: less than a driver's call may take, so that the caller is told what it waited for. */
const PATIENCE = 7_000;
/** Milliseconds after which no call waits any more: something is broken then, and an engine must not be held up call by call. */
const EXPECTED_WITHIN = 30_000;

export class Later<T> {
  #value: T | undefined;
  readonly #arrival = Promise.withResolvers<T>();
  readonly #began = performance.now();

  /** `what` it is, for people. */
  constructor(
    private readonly what: string,
    private readonly patience = PATIENCE,
    private readonly expectedWithin = EXPECTED_WITHIN,
  ) {}

  /** Says why it is not there, when that is known. */
  reason: () => string | undefined = () => undefined;

  /** Undefined until it is there. */
  get value(): T | undefined {
    return this.#value;
  }

  set(value: T): void {
    this.#value = value;
    this.#arrival.resolve(value);
  }

  /** Throws "unavailable" when it is not there. */
  require(): T {
    if (this.#value !== undefined) return this.#value;
    const reason = this.reason();
    throw new IntentError(
      "unavailable",
      `${this.what} is not ready yet${reason ? `: ${reason}` : ""}`,
      "Try again in a moment; `contiv doctor` says what is missing",
    );
  }

  /** Likewise, after waiting for it. */
  async wait(): Promise<T> {
    const expected = performance.now() - this.#began < this.expectedWithin;
    if (this.#value !== undefined || !expected) return this.require();
    const { promise: late, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, this.patience);
    await Promise.race([this.#arrival.promise, late]);
    clearTimeout(timer);
    return this.require();
  }
}
