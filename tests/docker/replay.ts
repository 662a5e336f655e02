/**
 * Replays what a Docker Engine once sent to a network and IPAM driver, and compares the answers.
 * @module
 */
import { z } from "zod";

const stepSchema = z.object({ step: z.string() });
const callSchema = z.object({
  path: z.string(),
  req: z.unknown().optional(),
  status: z.number(),
  res: z.unknown().optional(),
});
const fileSchema = z.array(z.union([stepSchema, callSchema]));

export type Call = z.infer<typeof callSchema>;

export interface Replayed {
  /** The docker command that caused it. */
  readonly step: string;
  /** As recorded. */
  readonly call: Call;
  /** What we were sent, after putting our own pool ids and addresses in place of the recorded ones. */
  readonly request: unknown;
  readonly status: number;
  readonly answer: Record<string, unknown>;
}

export async function recording(name: string): Promise<z.infer<typeof fileSchema>> {
  const url = new URL(`../fixtures/libnetwork/${name}.json`, import.meta.url);
  return fileSchema.parse(JSON.parse(await Deno.readTextFile(url)));
}

/** Keeps, over several recordings, which of our values stands for which recorded one. */
export class Replay {
  readonly #ours: Map<string, string>;

  /** `earlier`: engines that share a store (swarm, cluster store) tell each other what their drivers answered. */
  constructor(readonly handler: (request: Request) => Promise<Response>, earlier?: Replay) {
    this.#ours = new Map(earlier === undefined ? [] : earlier.#ours);
  }

  async *run(name: string): AsyncGenerator<Replayed> {
    let step = "";
    for (const entry of await recording(name)) {
      if ("step" in entry) step = entry.step;
      else yield await this.#call(step, entry);
    }
  }

  async #call(step: string, call: Call): Promise<Replayed> {
    const request = this.#translate(call.req);
    const response = await this.handler(
      new Request(`http://localhost${call.path}`, {
        method: "POST",
        ...(call.req === null || call.req === undefined ? {} : { body: JSON.stringify(request) }),
      }),
    );
    const answer = z.record(z.string(), z.unknown()).parse(await response.json());
    if (response.status === 200 && call.status === 200) this.#learn(call, answer);
    return { step, call, request, status: response.status, answer };
  }

  #learn(call: Call, answer: Record<string, unknown>): void {
    const recorded = z.record(z.string(), z.unknown()).safeParse(call.res);
    if (!recorded.success || !call.path.startsWith("/IpamDriver.Request")) return;
    for (const field of ["PoolID", "Pool", "Address"]) {
      const theirs = recorded.data[field];
      const ours = answer[field];
      if (typeof theirs !== "string" || typeof ours !== "string") continue;
      this.#ours.set(theirs, ours);
      if (field === "Address") this.#ours.set(bare(theirs), bare(ours));
    }
  }

  #translate(value: unknown): unknown {
    if (typeof value === "string") return this.#ours.get(value) ?? value;
    if (Array.isArray(value)) return value.map((item) => this.#translate(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, this.#translate(item)]),
    );
  }
}

function bare(cidr: string): string {
  return cidr.split("/")[0] ?? cidr;
}
