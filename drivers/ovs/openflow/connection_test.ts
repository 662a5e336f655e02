import { deepEqual, equal, match, ok, rejects } from "node:assert/strict";
import fc from "fast-check";
import { Connection } from "./connection.ts";
import { Framing } from "./framing.ts";
import { echoReply, hello, makeMessage, type Message, Type, typeOf, xidOf } from "./message.ts";

const never = new AbortController().signal;
const nothing = new Uint8Array();

/** The other end of the connection: says what the test makes it say. */
class Peer implements AsyncDisposable {
  readonly #framing = new Framing();
  readonly #heard: Message[] = [];

  private constructor(readonly socket: Deno.UnixConn) {}

  static async accept(listener: Deno.UnixListener): Promise<Peer> {
    return new Peer(await listener.accept());
  }

  async say(...messages: Uint8Array[]): Promise<void> {
    for (const bytes of messages) {
      for (let at = 0; at < bytes.length;) at += await this.socket.write(bytes.subarray(at));
    }
  }

  async hear(): Promise<Message> {
    const buffer = new Uint8Array(4096);
    for (;;) {
      const message = this.#heard.shift();
      if (message) return message;
      const count = await this.socket.read(buffer);
      if (count === null) throw new Error("the connection was closed");
      this.#heard.push(...this.#framing.push(buffer.subarray(0, count)));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.socket.close();
    return Promise.resolve();
  }
}

async function withPeer(
  work: (peer: Peer, connecting: Promise<Connection>, unasked: Message[]) => Promise<void>,
  silenceMs = 60_000,
): Promise<void> {
  const directory = await Deno.makeTempDir({ prefix: "contiv-of-" });
  const socket = `${directory}/mgmt`;
  const unasked: Message[] = [];
  const onAsynchronous = (message: Message) => void unasked.push(message);
  try {
    using listener = Deno.listen({ transport: "unix", path: socket });
    const connecting = Connection.open({ socket, onAsynchronous, silenceMs }, never);
    connecting.catch(() => {});
    await using peer = await Peer.accept(listener);
    equal(typeOf(await peer.hear()), Type.HELLO);
    await work(peer, connecting, unasked);
    await connecting.then((connection) => connection.close(), () => {});
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

Deno.test("connection gives each exchange its own replies and errors, and the rest to the listener", async () => {
  await withPeer(async (peer, connecting, unasked) => {
    await peer.say(hello(0));
    const connection = await connecting;
    using first = connection.exchange(3);
    using second = connection.exchange(1);
    const messages = [
      makeMessage(Type.BARRIER_REPLY, second.first, nothing),
      makeMessage(Type.ERROR, first.first + 1, new Uint8Array(4)),
      makeMessage(12, first.first, nothing),
      makeMessage(Type.BARRIER_REPLY, 0x7000_0000, nothing),
      makeMessage(Type.BARRIER_REPLY, first.first + 2, nothing),
    ];
    await peer.say(...messages);
    const heard = await first.until(first.first + 2);
    deepEqual(heard.map(typeOf), [Type.ERROR, Type.BARRIER_REPLY]);
    equal(xidOf(await second.next()), second.first);
    deepEqual(unasked, [messages[2], messages[3]]);
  });
});

Deno.test("connection answers echo requests", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    await connecting;
    await peer.say(makeMessage(Type.ECHO_REQUEST, 77, new Uint8Array([1, 2, 3])));
    deepEqual(await peer.hear(), makeMessage(Type.ECHO_REPLY, 77, new Uint8Array([1, 2, 3])));
  });
});

Deno.test("connection asks a silent switch for an echo, and ends when none comes", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    const connection = await connecting;
    for (let round = 0; round < 3; round++) {
      const request = await peer.hear();
      equal(typeOf(request), Type.ECHO_REQUEST);
      await peer.say(echoReply(request));
    }
    ok(connection.isOpen);
    await rejects(connection.exchange(1).next(), /does not answer OpenFlow echo requests/);
  }, 25);
});

Deno.test("connection writes messages one after another, however large", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    const connection = await connecting;
    const sent = Array.from({ length: 40 }, (_, xid) => {
      return makeMessage(Type.ECHO_REPLY, xid, new Uint8Array(60_000).fill(xid));
    });
    const written = Promise.all(sent.map((message) => connection.write(message)));
    for (const message of sent) deepEqual(await peer.hear(), message);
    await written;
  });
});

Deno.test("connection that ends tells everybody who waits, and whoever comes later", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    const connection = await connecting;
    const waiting = connection.exchange(1).next();
    peer.socket.closeWrite();
    await rejects(waiting, /the switch closed the OpenFlow connection/);
    ok(!connection.isOpen);
    await rejects(connection.exchange(1).next(), /the switch closed/);
    await rejects(connection.write(new Uint8Array(1)), /./);
  });
});

Deno.test("connection that is closed while the switch reads nothing gives up its writes", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    const connection = await connecting;
    const writing = connection.write(new Uint8Array(10_000_000));
    writing.catch(() => {});
    await connection.close(new Error("enough"));
    await rejects(writing, /enough/);
  });
});

Deno.test("connection ends when the switch asks for echoes without end and reads none", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    const connection = await connecting;
    const waiting = connection.exchange(1).next();
    waiting.catch(() => {});
    const request = makeMessage(Type.ECHO_REQUEST, 1, new Uint8Array(60_000));
    const asking = async () => {
      for (let count = 0; count < 100; count++) await peer.say(request);
    };
    await rejects(asking(), /pipe|reset/i);
    await rejects(waiting, /does not read what it asks for/);
  });
});

Deno.test("connection takes no more bytes than the switch reads", async () => {
  await withPeer(async (peer, connecting) => {
    await peer.say(hello(0));
    const connection = await connecting;
    let taken = 0;
    const message = makeMessage(Type.ECHO_REPLY, 1, new Uint8Array(50_000));
    const writing = (async () => {
      for (; taken < 100; taken++) await connection.write(message);
    })();
    for (let heard = 0; heard < 100; heard++) {
      await peer.hear();
      // Besides what the kernel's buffers hold, some 200 kB each way.
      ok(taken - heard < 40, `${taken} written, ${heard} read`);
    }
    await writing;
  });
});

Deno.test("connection is refused by a switch without OpenFlow 1.5, or one that talks nonsense", async () => {
  const old = hello(0).fill(0, 8);
  old[0] = 4;
  for (
    const [bytes, reason] of [[old, /does not speak OpenFlow 1\.5/], [nothing, /closed/]] as const
  ) {
    await withPeer(async (peer, connecting) => {
      await peer.say(bytes);
      peer.socket.closeWrite();
      await rejects(connecting, reason);
    });
  }
});

Deno.test("connection survives any bytes: it stays or ends, and close() returns", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 })), async (chunks) => {
      await withPeer(async (peer, connecting) => {
        await peer.say(hello(0));
        const connection = await connecting;
        const reply = connection.exchange(0xffff).next();
        reply.catch(() => {});
        await peer.say(...chunks).catch((error) => match(String(error), /pipe|reset/i));
        await connection.close();
      });
    }),
    { numRuns: 30 },
  );
});

Deno.test("connection that is not made in time is not made", async () => {
  const directory = await Deno.makeTempDir({ prefix: "contiv-of-" });
  const path = `${directory}/mgmt`;
  try {
    await rejects(Connection.open({ socket: path }, never), Deno.errors.NotFound);
    using listener = Deno.listen({ transport: "unix", path });
    const abort = new AbortController();
    const connecting = Connection.open({ socket: path }, abort.signal);
    await using _peer = await Peer.accept(listener);
    abort.abort(new Error("too late"));
    await rejects(connecting, /too late/);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
});
