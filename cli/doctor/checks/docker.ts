/**
 * The Docker engine and the place where it finds the driver.
 * @module
 */
import type { Facts } from "../facts.ts";
import { type Finding, ok, warn } from "../finding.ts";

/** The oldest engine that the driver was tried with. */
const OLDEST = 20;

export function checkDocker(facts: Pick<Facts, "docker" | "settings">): Finding[] {
  const { dockerSocket, pluginSocket } = facts.settings;
  if (dockerSocket === "none") return [ok("Docker engine", "not asked for")];
  if ("error" in facts.docker) {
    const mend = "sudo systemctl start docker   # or use --docker-socket=none";
    return [
      warn("Docker engine", `does not answer on ${dockerSocket}: ${facts.docker.error}`, mend),
    ];
  }
  const version = facts.docker.value;
  return [
    parseInt(version, 10) < OLDEST
      ? warn("Docker engine", `version ${version} is older than ${OLDEST}.10`)
      : ok("Docker engine", `version ${version} answers on ${dockerSocket}`),
    ...(pluginSocket.startsWith("/run/docker/plugins/") || pluginSocket === "none" ? [] : [
      warn("Docker driver", `the engine does not look for drivers at ${pluginSocket}`),
    ]),
  ];
}
