/** Lists over a way that is blocked for a while: longer than one page may take, and than a call waits for a member. */
import assert from "node:assert/strict";
import { EtcdCluster } from "../../../tests/lab/etcd.ts";
import { put } from "../../../mod/state/plan.ts";
import { delay } from "../../delay.ts";
import { openEtcdStore } from "./etcd_store.ts";

const PREFIX = "/contiv.io/listed/";
const COUNT = 5_000;
const AT_ONCE = 125;
/** A call gives up a member that is silent after 5 to 7 s. */
const BLOCKED_MS = 9_000;

Deno.test("etcd store's list goes on at its revision when a page comes late, and is not begun anew", async () => {
  await using cluster = await EtcdCluster.start();
  const direct = await openEtcdStore({ endpoints: cluster.endpoints });
  for (let at = 0; at < COUNT; at += AT_ONCE) {
    const some = Array.from(
      { length: AT_ONCE },
      (_, i) => put(`${PREFIX}${at + i}`, "x".repeat(99)),
    );
    await direct.transact([], some);
  }
  const { revision } = await direct.list("/none/");
  await using way = new Way(cluster.endpoints[0] ?? "");
  const store = await openEtcdStore({ endpoints: [way.endpoint] });

  way.blockAfter(COUNT * 50);
  const list = store.list(PREFIX);
  await way.blocked;
  await direct.transact([], [put(`${PREFIX}later`, 1)]);
  await delay(BLOCKED_MS);
  way.unblock();
  const { items, revision: listed } = await list;
  assert.equal(listed, revision);
  assert.equal(new Set(items.map(({ key }) => key)).size, COUNT);

  way.blockAfter(0);
  await assert.rejects(store.list(PREFIX), { code: "unavailable" });
  await store.close();
  await direct.close();
});

/** A TCP port that leads to another one, until it is blocked: its connections stay open then, and silent. */
class Way {
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #open = new Set<Deno.Conn>();
  readonly #blocked = Promise.withResolvers<void>();
  #left = Infinity;
  #passable = Promise.withResolvers<void>();

  constructor(private readonly target: string) {
    void this.#accept();
  }

  get endpoint(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  get blocked(): Promise<void> {
    return this.#blocked.promise;
  }

  /** Lets so many bytes of answers through. */
  blockAfter(bytes: number): void {
    this.#left = bytes;
    this.#passable = Promise.withResolvers();
  }

  unblock(): void {
    this.#left = Infinity;
    this.#passable.resolve();
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const [hostname = "", port] = this.target.split(":");
      const server = await Deno.connect({ hostname, port: Number(port) });
      for (const each of [client, server]) this.#open.add(each);
      client.readable.pipeTo(server.writable).catch(() => {});
      server.readable.pipeThrough(this.#gate()).pipeTo(client.writable).catch(() => {});
    }
  }

  #gate(): TransformStream<Uint8Array, Uint8Array> {
    return new TransformStream({
      transform: async (chunk, controller) => {
        this.#left -= chunk.length;
        if (this.#left < 0) {
          this.#blocked.resolve();
          await this.#passable.promise;
        }
        controller.enqueue(chunk);
      },
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.unblock();
    this.#listener.close();
    for (const each of this.#open) {
      try {
        each.close();
      } catch (error) {
        if (!(error instanceof Deno.errors.BadResource)) throw error;
      }
    }
    return Promise.resolve();
  }
}
