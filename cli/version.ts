/**
 * What this program says it is. A build replaces the commit and time; from source they say so.
 * @module
 */
export interface VersionInfo {
  readonly GitCommit: string;
  readonly Version: string;
  readonly BuildTime: string;
}

export const VERSION: VersionInfo = { GitCommit: "source", Version: "0.1.0", BuildTime: "source" };

/** The form that the original printed. */
export function versionText(version: VersionInfo): string {
  return `Version: ${version.Version}\nGitCommit: ${version.GitCommit}\nBuildTime: ${version.BuildTime}\n`;
}
