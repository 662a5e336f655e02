/**
 * The host's agent as `ctl endpoint attach`, `detach` and `flows` use it: HTTP over its unix socket.
 * @module
 */
import { ExitCode } from "../exit_code.ts";
import { CtlError } from "./error.ts";
import { HttpConnection } from "./http_connection.ts";
import { isObject, type WireObject } from "./master_client.ts";

export class AgentClient {
  private readonly connection: HttpConnection;

  constructor(socket: string) {
    this.connection = new HttpConnection(
      `unix://${socket}`,
      "Start this host's agent (`contiv up` or `contiv plugin`), or name its socket with --agent " +
        "(or CONTIV_AGENT); the socket is open to root only",
    );
  }

  /** Replies `{endpoint, gateway, gateway6, mtu}`. */
  async attach(request: WireObject): Promise<WireObject> {
    const body = JSON.parse(await this.request("POST", "/v1/endpoints", JSON.stringify(request)));
    return isObject(body) ? body : {};
  }

  async detach(name: string): Promise<void> {
    await this.request("DELETE", `/v1/endpoints/${encodeURIComponent(name)}`);
  }

  /** One a line, as `ovs-ofctl add-flows` reads them. */
  flows(name: string): Promise<string> {
    return this.request("GET", `/v1/endpoints/${encodeURIComponent(name)}/flows`);
  }

  close(): void {
    this.connection.close();
  }

  private async request(method: string, path: string, body?: string): Promise<string> {
    const headers: Record<string, string> = body ? { "content-type": "application/json" } : {};
    const { status, statusText, text } = await this.connection.request(method, path, headers, body);
    if (status < 200 || status > 299) {
      throw new CtlError(ExitCode.Refused, text.trimEnd() || `${status} ${statusText}`);
    }
    return text;
  }
}
