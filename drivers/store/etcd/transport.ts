/**
 * etcd's gRPC services of one member, by the package etcd3, which is loaded only when a store is opened (it and gRPC take 100 ms).
 * Only etcd3's messages and stubs are used: which member is asked, and what is repeated, is decided above, in one place.
 * @module
 */
import type { CallOptions, ChannelOptions, Interceptor } from "@grpc/grpc-js";
import type { Etcd3 } from "etcd3";
import { credentials, serverName } from "./credentials.ts";
import { CallFailure, GrpcCode } from "./failure.ts";
import type { EtcdOptions } from "./options.ts";

export interface Attempt {
  /** Milliseconds from now; absent for a stream that stays. */
  readonly limit?: number;
  readonly token: string | undefined;
  /** Any of them ends the call at once. */
  readonly signals: readonly AbortSignal[];
}

/** A call under way: what etcd3 is to be given, and how it ended. */
export interface Tracked {
  readonly options: CallOptions;
  /** What the member or gRPC said when it failed. */
  failure(cause: unknown): CallFailure;
  /** Forgets the signals; to be called when the call is over. */
  end(): void;
}

/** One connection, which is made when it is first needed. */
export interface Connection {
  readonly etcd: Etcd3;
  close(): void;
}

export interface Transport {
  connect(endpoint: string): Connection;
  track(endpoint: string, attempt: Attempt): Tracked;
}

export async function loadTransport(options: EtcdOptions): Promise<Transport> {
  const [etcd3, grpc, cockatiel] = await Promise.all([
    import("etcd3"),
    import("@grpc/grpc-js"),
    import("cockatiel"),
  ]);
  const connect = (endpoint: string): Connection => {
    // The channel is ours, so that all services share it; and etcd3 would not close one that is just connecting.
    const channel = new grpc.Channel(
      endpoint,
      credentials(options.tls, endpoint, grpc.ChannelCredentials),
      channelOptions(options.tls, endpoint),
    );
    const etcd = new etcd3.Etcd3({
      hosts: endpoint,
      faultHandling: { host: () => cockatiel.noop, global: cockatiel.noop },
      grpcOptions: { channelOverride: channel },
    });
    return { etcd, close: () => channel.close() };
  };
  const track = (endpoint: string, attempt: Attempt): Tracked => {
    let status: { code: number; details: string } | undefined;
    let cancel = () => {};
    const interceptor: Interceptor = (callOptions, nextCall) => {
      const call = new grpc.InterceptingCall(nextCall(callOptions), {
        start(metadata, _listener, next) {
          // A member that is cut off from the others is to say so, instead of serving an old state.
          metadata.set("hasleader", "true");
          if (attempt.token !== undefined) metadata.set("token", attempt.token);
          next(metadata, {
            onReceiveStatus(received, pass) {
              status = received;
              // etcd3 would drop the member's connection upon what it takes for recoverable.
              const neutral = grpc.status.FAILED_PRECONDITION;
              pass(received.code === grpc.status.OK ? received : { ...received, code: neutral });
            },
          });
        },
      });
      cancel = () => call.cancelWithStatus(grpc.status.CANCELLED, "given up");
      if (attempt.signals.some((signal) => signal.aborted)) queueMicrotask(cancel);
      return call;
    };
    const aborted = () => cancel();
    for (const signal of attempt.signals) signal.addEventListener("abort", aborted);
    return {
      options: {
        interceptors: [interceptor],
        ...(attempt.limit !== undefined && { deadline: Date.now() + attempt.limit }),
      },
      failure(cause) {
        if (cause instanceof CallFailure) return cause;
        const said = status ??
          { code: GrpcCode.UNAVAILABLE, details: cause instanceof Error ? cause.message : "" };
        return new CallFailure(endpoint, said.code, said.details || `gRPC status ${said.code}`);
      },
      end() {
        for (const signal of attempt.signals) signal.removeEventListener("abort", aborted);
      },
    };
  };
  return { connect, track };
}

function channelOptions(tls: EtcdOptions["tls"], endpoint: string): ChannelOptions {
  const name = tls && serverName(tls, endpoint);
  return {
    // No keepalive, whose timers outlive a closed connection: a Member notices silence by itself, and reconnects.
    "grpc.use_local_subchannel_pool": 1,
    "grpc.initial_reconnect_backoff_ms": 100,
    "grpc.max_reconnect_backoff_ms": 1_000,
    "grpc.dns_min_time_between_resolutions_ms": 1_000,
    "grpc.enable_retries": 0,
    // As etcd's own client: a proxy for the outside world would cut a host off from its cluster.
    "grpc.enable_http_proxy": 0,
    // gRPC's default of 4 MiB is soon passed by a page of a list, or by what a watch catches up with.
    "grpc.max_receive_message_length": -1,
    "grpc.max_send_message_length": -1,
    ...(name !== undefined && { "grpc.ssl_target_name_override": name }),
  };
}
