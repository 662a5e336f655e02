/**
 * Hands events to whoever listens. A slow listener finds each kind of event once, the latest: what they tell is "look again", so
 * nothing is lost and nothing grows.
 * @module
 */
export class EventHub<Event extends { readonly type: string }> {
  readonly #listeners = new Set<Listener<Event>>();

  emit(event: Event): void {
    for (const listener of this.#listeners) listener.push(event);
  }

  /** Events from this call on, until `signal` aborts or the hub closes. */
  listen(signal: AbortSignal): AsyncIterable<Event> {
    const listener = new Listener<Event>();
    const end = () => {
      listener.end();
      this.#listeners.delete(listener);
      signal.removeEventListener("abort", end);
    };
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
    else this.#listeners.add(listener);
    return listener.events(end);
  }

  close(): void {
    for (const listener of this.#listeners) listener.end();
    this.#listeners.clear();
  }
}

class Listener<Event extends { readonly type: string }> {
  /** In order of arrival. */
  readonly #pending = new Map<string, Event>();
  #wake: (() => void) | undefined;
  #ended = false;

  push(event: Event): void {
    this.#pending.delete(event.type);
    this.#pending.set(event.type, event);
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  async *events(onEnd: () => void): AsyncGenerator<Event> {
    try {
      while (!this.#ended) {
        const next = this.#pending.entries().next();
        if (next.done) {
          await new Promise<void>((resolve) => this.#wake = resolve);
          continue;
        }
        this.#pending.delete(next.value[0]);
        yield next.value[1];
      }
    } finally {
      onEnd();
    }
  }
}
