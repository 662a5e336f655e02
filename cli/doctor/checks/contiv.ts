/**
 * Contiv itself: whether its agent runs and is content, and whether Docker gets an answer from its driver.
 * @module
 */
import type { Facts } from "../facts.ts";
import { fail, type Finding, ok, warn } from "../finding.ts";

export function checkContiv(facts: Pick<Facts, "agent" | "driver" | "settings">): Finding[] {
  return [agent(facts), ...driver(facts)];
}

function agent({ agent, settings }: Pick<Facts, "agent" | "settings">): Finding {
  const what = "Contiv agent";
  const socket = `${settings.runDirectory}/agent.sock`;
  switch (agent.state) {
    case "absent":
      return ok(what, `does not run (there is no ${socket})`);
    case "running":
      return agent.warning === undefined
        ? ok(what, "runs, and this host is as the store says")
        : warn(what, `runs, and this host is as the store says, but: ${agent.warning}`);
    case "silent":
      return warn(
        what,
        `nobody answers on ${socket}, so it was killed or hangs (${agent.error}); traffic of running containers goes on`,
        "start it again: contiv up   # or contiv plugin",
      );
    case "troubled":
      return fail(
        what,
        `runs, but this host is not as it should be: ${agent.trouble}`,
        "mend what it names (the findings above may, too); it tries again by itself",
      );
  }
}

function driver({ driver, settings }: Pick<Facts, "driver" | "settings">): Finding[] {
  const what = "Docker driver";
  const { pluginSocket } = settings;
  if (pluginSocket === "none") return [ok(what, "not asked for")];
  switch (driver.state) {
    case "absent":
      return [
        ok(what, `is not there (${pluginSocket}); \`contiv up\` and \`contiv plugin\` make it`),
      ];
    case "silent":
      return [warn(
        what,
        `nobody answers on ${pluginSocket} (${driver.error}); Docker waits for it in vain whenever a container of ours starts`,
        "start it again: contiv up   # or contiv plugin",
      )];
    case "answers":
      return [
        driver.interfaces.includes("NetworkDriver")
          ? ok(what, `answers on ${pluginSocket}: ${driver.interfaces.join(", ")}`)
          : fail(
            what,
            `what answers on ${pluginSocket} is no network driver`,
            `sudo ss -xlp src ${pluginSocket}   # says which program it is`,
          ),
      ];
  }
}
