/**
 * The `doctor` role: its options, and this process's output.
 * @module
 */
import { type DoctorOptions, runDoctor } from "../doctor/run.ts";
import { write } from "../output/write.ts";
import { helpText } from "./help.ts";
import { type Option, OptionError, type OptionValues } from "./option.ts";
import { UP_OPTIONS } from "./options.ts";
import { parseOptions } from "./parse_options.ts";
import { address, places, privateSubnet } from "./settings.ts";
import { STORE_OPTIONS } from "./store_options.ts";

/** The options of `contiv up` that say where things are, with the same defaults. */
const WHERE = [
  ...STORE_OPTIONS.map(({ name }) => name),
  "ovs-run-directory",
  "run-directory",
  "name",
  "plugin-socket",
  "docker-socket",
  "docker-scope",
  "vtep-ip",
];

export const DOCTOR_OPTIONS: readonly Option[] = [
  ...UP_OPTIONS.filter((option) => WHERE.includes(option.name)),
  {
    name: "private-subnet",
    kind: "text",
    value: "PREFIX",
    default: "172.19.0.0/16",
    help: "The host-private subnet to check for clashes, as `contiv ctl global info` shows it.",
  },
  { name: "json", kind: "switch", help: "Print a JSON array of findings." },
];

const PREFIXES = ["CONTIV_UP_", "CONTIV_NETPLUGIN_"];

/** Throws OptionError. */
export function doctorSettings(values: OptionValues): DoctorOptions {
  const { store, driver, ...where } = places(values);
  const vtep = values.get("vtep-ip");
  return {
    ...where,
    json: values.get("json") === "true",
    store,
    pluginSocket: driver?.socket ?? "none",
    dockerSocket: where.dockerSocket ?? "none",
    ...(vtep ? { vtepAddress: address("vtep-ip", vtep) } : {}),
    privateSubnet: privateSubnet("private-subnet", values.get("private-subnet") ?? ""),
  };
}

export async function doctor(argv: string[]): Promise<number> {
  try {
    const { values, help } = parseOptions(
      DOCTOR_OPTIONS,
      argv,
      (name) => Deno.env.get(name),
      PREFIXES,
    );
    if (help) {
      console.log(
        helpText(
          "doctor",
          "Checks this host; says what is wrong and what mends it. Exit status 1 when something must be mended first.",
          DOCTOR_OPTIONS,
          PREFIXES,
        ).trimEnd(),
      );
      return 0;
    }
    return await runDoctor(
      { stdout: (text) => write(Deno.stdout, text) },
      doctorSettings(values),
    );
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`contiv doctor: ${error.message}`);
    return 22;
  }
}
