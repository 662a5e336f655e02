/**
 * What has been done and how it is undone: in reverse order, every step even when another fails.
 * @module
 */
export class Undo {
  private readonly steps: { readonly what: string; readonly undo: () => Promise<unknown> }[] = [];

  /** To be called right after the thing itself was done. */
  add(what: string, undo: () => Promise<unknown>): void {
    this.steps.push({ what, undo });
  }

  /** Returns what could not be undone, with the reason. */
  async run(): Promise<string[]> {
    const failures: string[] = [];
    for (let step = this.steps.pop(); step; step = this.steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        failures.push(`${step.what}: ${error instanceof Error ? error.message : error}`);
      }
    }
    return failures;
  }
}
