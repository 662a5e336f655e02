/**
 * Which flow programmer is used: the native one where its library was built, else ovs-ofctl, which every Open vSwitch brings.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { SwitchError } from "../../mod/agent/switch.ts";
import type { FlowProgrammer } from "./flow_programmer.ts";
import { findNativeLibrary } from "./native/library.ts";
import { Ofctl } from "./ofctl.ts";
import { openNativeCodec } from "./openflow/native_codec.ts";
import { OpenFlowProgrammer } from "./openflow/openflow_programmer.ts";

/** "auto": the native one if it can be had. */
export type ProgrammerChoice = "auto" | "native" | "ovs-ofctl";

const BUILD = "run: deno task build:native";

/** `socket` is the bridge's management socket. Throws SwitchError "not-installed" when just "native" is wanted and cannot be had. */
export async function chooseProgrammer(
  choice: ProgrammerChoice,
  socket: string,
  logger: Logger,
): Promise<FlowProgrammer> {
  if (choice !== "ovs-ofctl") {
    try {
      return await openNative(socket);
    } catch (error) {
      if (choice === "native" || !(error instanceof SwitchError)) throw error;
      logger.info("flows are written by ovs-ofctl, not natively: {reason}", {
        reason: error.message,
      });
    }
  }
  const onWeakened = (words: string) =>
    logger.error("Open vSwitch dropped part of a flow's match: {words}", { words });
  return new Ofctl({ socket, onWeakened });
}

async function openNative(socket: string): Promise<FlowProgrammer> {
  const path = await findNativeLibrary();
  if (!path) throw new SwitchError("not-installed", `libcontivovs.so was not built; ${BUILD}`);
  try {
    return new OpenFlowProgrammer(openNativeCodec(path), { socket });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new SwitchError("not-installed", `cannot load ${path}: ${reason}; ${BUILD}`, { cause });
  }
}
