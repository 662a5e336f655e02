/**
 * The OpenFlow codec in libcontivovs.so (drivers/ovs/native/contiv_ovs.h), Open vSwitch's own, called by FFI.
 * @module
 */
import {
  type BundleControl,
  type Decoded,
  type Dump,
  LineError,
  type OpenFlowCodec,
} from "./codec.ts";
import { type DecodedJson, fromJson } from "./decoded_json.ts";
import type { Message } from "./message.ts";

/** CONTIV_OVS_ABI of the header that this binding was written for. */
const ABI = 2;
const REFUSED = -1;
const CONTROL: Readonly<Record<BundleControl, number>> = { open: 0, commit: 4, discard: 6 };
const DUMP: Readonly<Record<Dump, number>> = { groups: 1, meters: 2, "port-statistics": 3 };
const ERROR_BYTES = 2_000;

const SYMBOLS = {
  contiv_ovs_abi: { parameters: [], result: "u32" },
  contiv_ovs_version: { parameters: ["buffer", "u64"], result: "i64" },
  contiv_ovs_encode_lines: {
    parameters: ["buffer", "u64", "u32", "u32", "buffer", "u64", "buffer", "buffer", "u64"],
    result: "i64",
  },
  contiv_ovs_encode_bundle_control: {
    parameters: ["u32", "u32", "u32", "buffer", "u64"],
    result: "i64",
  },
  contiv_ovs_encode_barrier: { parameters: ["u32", "buffer", "u64"], result: "i64" },
  contiv_ovs_encode_dump: { parameters: ["u32", "u32", "buffer", "u64"], result: "i64" },
  contiv_ovs_encode_flow_dump: {
    parameters: ["u32", "u64", "u64", "buffer", "u64"],
    result: "i64",
  },
  contiv_ovs_decode: { parameters: ["buffer", "u64", "u32", "buffer", "u64"], result: "i64" },
} as const;

type Symbols = Deno.DynamicLibrary<typeof SYMBOLS>["symbols"];

/** Throws when the file is no library, or one with another ABI. The library stays loaded: it must not be closed. */
export function openNativeCodec(path: string): OpenFlowCodec {
  const { symbols } = Deno.dlopen(path, SYMBOLS);
  const abi = symbols.contiv_ovs_abi();
  if (abi !== ABI) {
    throw new Error(`${path} has ABI ${abi}, needed is ${ABI}; run: deno task build:native`);
  }
  return new NativeCodec(symbols);
}

class NativeCodec implements OpenFlowCodec {
  readonly description: string;
  /** Used again by every call: with a fresh one each time memory would grow until the next garbage collection. */
  #text = new Uint8Array(64 * 1024);
  #out = new Uint8Array(256 * 1024);
  readonly #error = new Uint8Array(ERROR_BYTES);
  /** Messages encoded, line refused. */
  readonly #where = new Uint32Array(2);
  readonly #symbols: Symbols;
  readonly #encoder = new TextEncoder();
  readonly #decoder = new TextDecoder();

  constructor(symbols: Symbols) {
    this.#symbols = symbols;
    const version = this.#fill((out, size) => symbols.contiv_ovs_version(out, size));
    this.description = `libopenvswitch ${this.#decoder.decode(version)}`;
  }

  encodeLines(lines: readonly string[], firstXid: number, bundle: number): Message {
    const length = BigInt(this.#write(lines.join("\n")));
    const messages = this.#fill((out, size) => {
      const [text, where, error] = [this.#text, this.#where, this.#error];
      return this.#symbols.contiv_ovs_encode_lines(
        text,
        length,
        firstXid,
        bundle,
        out,
        size,
        where,
        error,
        BigInt(ERROR_BYTES),
      );
    });
    if (this.#where[0] !== lines.length) {
      throw new RangeError("a line is empty or holds a line break");
    }
    return messages;
  }

  encodeBundleControl(xid: number, bundle: number, what: BundleControl): Message {
    const encode = this.#symbols.contiv_ovs_encode_bundle_control;
    return this.#fill((out, size) => encode(xid, bundle, CONTROL[what], out, size));
  }

  encodeBarrier(xid: number): Message {
    return this.#fill((out, size) => this.#symbols.contiv_ovs_encode_barrier(xid, out, size));
  }

  encodeFlowDump(xid: number, cookie: bigint, mask: bigint): Message {
    const encode = this.#symbols.contiv_ovs_encode_flow_dump;
    return this.#fill((out, size) => encode(xid, cookie, mask, out, size));
  }

  encodeDump(xid: number, what: Dump): Message {
    const encode = this.#symbols.contiv_ovs_encode_dump;
    return this.#fill((out, size) => encode(xid, DUMP[what], out, size));
  }

  decode(message: Message): Decoded {
    const decode = this.#symbols.contiv_ovs_decode;
    const json = this.#fill((out, size) => decode(message, BigInt(message.length), 0, out, size));
    // As contiv_ovs.h says; the version check holds both to one meaning.
    return fromJson(JSON.parse(this.#decoder.decode(json)) as DecodedJson);
  }

  /** Puts text into the input buffer; returns its bytes. */
  #write(text: string): number {
    // UTF-8 takes at most three bytes for each UTF-16 unit.
    if (this.#text.length < text.length * 3) this.#text = new Uint8Array(text.length * 3);
    return this.#encoder.encodeInto(text, this.#text).written;
  }

  /** Calls with the output buffer, once more with a larger one if the answer needs it, and copies the answer out. */
  #fill(call: (out: Uint8Array<ArrayBuffer>, size: bigint) => bigint): Message {
    let length = Number(call(this.#out, BigInt(this.#out.length)));
    if (length > this.#out.length) {
      this.#out = new Uint8Array(length);
      length = Number(call(this.#out, BigInt(length)));
    }
    if (length >= 0) return this.#out.slice(0, length);
    if (length !== REFUSED) throw new RangeError("libcontivovs.so refused an argument");
    const reason = this.#decoder.decode(this.#error.subarray(0, this.#error.indexOf(0)));
    throw new LineError(this.#where[1] ?? 0, reason);
  }
}
