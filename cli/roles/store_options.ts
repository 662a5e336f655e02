/**
 * The options that say where state lives, for every role that opens the store. Secrets have no option: an argument is shown to
 * everybody by ps(1), so they come from a file or from the environment.
 * @module
 */
import type { Option } from "./option.ts";

export const DEFAULT_STORE = "embedded:///var/lib/contiv/state.db";

/** Environment variables of secrets: whole names, the same for every role. */
export const PASSWORD_VARIABLE = "CONTIV_STORE_PASSWORD";
export const TOKEN_VARIABLE = "CONTIV_STORE_TOKEN";

const LOCATION = "store";

export const STORE_OPTIONS: readonly Option[] = [
  {
    name: "store",
    aliases: ["cluster-store"],
    environment: "STORE",
    variables: ["cluster_store"],
    alternatives: LOCATION,
    kind: "text",
    value: "URL",
    default: DEFAULT_STORE,
    help:
      "Where all state lives. embedded:///PATH is a file for one machine, which several processes may share. " +
      "etcd://HOST:PORT,HOST:PORT and consul://HOST:PORT,HOST:PORT are clusters, etcds:// and consuls:// the same over TLS.",
  },
  {
    name: "etcd-endpoints",
    aliases: ["etcd"],
    environment: "ETCD_ENDPOINTS",
    alternatives: LOCATION,
    kind: "text",
    value: "URL,URL",
    help:
      "The members of an etcd cluster, in place of --store: http://HOST:2379, https://HOST:2379 or HOST:2379. All of them are used.",
  },
  {
    name: "consul-endpoints",
    aliases: ["consul"],
    environment: "CONSUL_ENDPOINTS",
    alternatives: LOCATION,
    kind: "text",
    value: "URL,URL",
    help:
      "The agents or servers of a Consul cluster, in place of --store: http://HOST:8500, https://HOST:8500 or HOST:8500. " +
      "All of them are used.",
  },
  {
    name: "store-ca",
    environment: "STORE_CA",
    kind: "text",
    value: "FILE",
    help:
      "PEM file of the authorities that the servers of the store are trusted by, in place of the system's. Turns TLS on.",
  },
  {
    name: "store-cert",
    environment: "STORE_CERT",
    kind: "text",
    value: "FILE",
    help: "PEM file of the certificate that this process shows to the store. Needs --store-key.",
  },
  {
    name: "store-key",
    environment: "STORE_KEY",
    kind: "text",
    value: "FILE",
    help: "PEM file of the private key of --store-cert, readable by its owner only.",
  },
  {
    name: "store-server-name",
    environment: "STORE_SERVER_NAME",
    kind: "text",
    value: "NAME",
    help:
      "The name that the servers' certificates must hold, when it is not the one they are reached by.",
  },
  {
    name: "store-user",
    environment: "STORE_USER",
    kind: "text",
    value: "NAME",
    help: `etcd user. The password is in --store-password-file or ${PASSWORD_VARIABLE}.`,
  },
  {
    name: "store-password-file",
    environment: "STORE_PASSWORD_FILE",
    kind: "text",
    value: "FILE",
    help: "File that holds the password of --store-user.",
  },
  {
    name: "store-token-file",
    environment: "STORE_TOKEN_FILE",
    kind: "text",
    value: "FILE",
    help: `File that holds the Consul ACL token, in place of ${TOKEN_VARIABLE}.`,
  },
];
