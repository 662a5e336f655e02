/**
 * The stores that clusters run on, as real servers on the wire of a lab: three each, with credentials.
 * @module
 */
import { startConsul } from "../lab/consul.ts";
import { EtcdCluster } from "../lab/etcd.ts";
import type { Lab } from "../lab/lab.ts";
import type { ClusterOptions } from "./cluster.ts";

export interface ClusterStore extends AsyncDisposable {
  /** How Contiv is told of it. */
  readonly options: Required<Pick<ClusterOptions, "store" | "args" | "env">>;
  /** In `options.env`; nothing may show it. */
  readonly secret: string;
  /** Number of servers. */
  readonly size: number;
  /** As a power cut. */
  kill(server: number): Promise<void>;
  /** Starts again what was killed, with its data. */
  start(server: number): void;
}

const SIZE = 3;
/** The name in the servers' certificates. */
const TLS_NAME = "etcd.test";

export async function etcdWithTls(lab: Lab): Promise<ClusterStore> {
  const { pid, router } = lab.outside();
  const etcd = await EtcdCluster.start({
    size: SIZE,
    inside: { pid, address: router },
    tls: [`DNS:${TLS_NAME}`, `IP:${router}`],
  });
  const password = "pass-of-the-cluster";
  await etcd.enableAuth([{ name: "contiv", password, prefix: "/contiv.io/" }]);
  const { ca = "", client } = etcd.tls ?? {};
  return {
    options: {
      store: `--store=etcds://${etcd.endpoints.join(",")}`,
      args: [
        `--store-ca=${ca}`,
        `--store-cert=${client?.certificate}`,
        `--store-key=${client?.key}`,
        `--store-server-name=${TLS_NAME}`,
        "--store-user=contiv",
      ],
      env: { CONTIV_STORE_PASSWORD: password },
    },
    secret: password,
    size: SIZE,
    kill: async (server) => await etcd.members[server]?.kill(),
    start: (server) => etcd.members[server]?.start(),
    [Symbol.asyncDispose]: () => etcd.close(),
  };
}

export async function consulWithToken(lab: Lab): Promise<ClusterStore> {
  const { pid, router } = lab.outside();
  const token = crypto.randomUUID();
  const consul = await startConsul({
    servers: SIZE,
    masterToken: token,
    inside: { pid, address: router },
  });
  return {
    options: {
      store: `--store=consul://${consul.endpoints.join(",")}`,
      args: [],
      env: { CONTIV_STORE_TOKEN: token },
    },
    secret: token,
    size: SIZE,
    kill: (server) => consul.kill(server),
    start: (server) => consul.start(server),
    [Symbol.asyncDispose]: () => consul.close(),
  };
}
