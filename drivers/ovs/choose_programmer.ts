/**
 * Which flow programmer is used: the native one where its library was built, else ovs-ofctl, which every Open vSwitch brings.
 * @module
 */
import type { Logger } from "@logtape/logtape";
import { SwitchError } from "../../mod/agent/switch.ts";
import type { FlowProgrammer } from "./flow_programmer.ts";
import { findNativeLibrary } from "./native/library.ts";
import { Ofctl } from "./ofctl.ts";
import type { OpenFlowCodec, PortStatus } from "./openflow/codec.ts";
import { openNativeCodec } from "./openflow/native_codec.ts";
import { OpenFlowProgrammer } from "./openflow/openflow_programmer.ts";

/** "auto": the native one if it can be had. */
export type ProgrammerChoice = "auto" | "native" | "ovs-ofctl";

const BUILD = "run: deno task build:native";

export interface ProgrammerOptions {
  /** Path of the bridge's management socket. */
  readonly socket: string;
  readonly logger: Logger;
  /** Of the native one: told of ports that come, go or change. */
  readonly onPortStatus?: (status: PortStatus) => void;
}

/** Throws SwitchError "not-installed" when just "native" is wanted and cannot be had. */
export async function chooseProgrammer(
  choice: ProgrammerChoice,
  options: ProgrammerOptions,
): Promise<FlowProgrammer> {
  const { socket, logger } = options;
  if (choice !== "ovs-ofctl") {
    try {
      return await openNative(options);
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

async function openNative({ socket, onPortStatus }: ProgrammerOptions): Promise<FlowProgrammer> {
  const codec = await loadNativeCodec();
  return new OpenFlowProgrammer(codec, { socket, ...(onPortStatus && { onPortStatus }) });
}

/** For `doctor`, e.g. "libopenvswitch 3.1.0". Throws SwitchError "not-installed" when flows are left to ovs-ofctl. */
export async function describeNativeLibrary(): Promise<string> {
  return (await loadNativeCodec()).description;
}

async function loadNativeCodec(): Promise<OpenFlowCodec> {
  const path = await findNativeLibrary();
  if (!path) throw new SwitchError("not-installed", `libcontivovs.so was not built; ${BUILD}`);
  try {
    return openNativeCodec(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : cause;
    throw new SwitchError("not-installed", `cannot load ${path}: ${reason}; ${BUILD}`, { cause });
  }
}
