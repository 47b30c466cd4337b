/**
 * A kubeconfig (JSON, which is YAML too) for an API server of this machine without TLS.
 *
 * @param token without it the server asks nobody who he is
 */
export function localKubeconfig(server: string, token?: string): string {
  const config = {
    apiVersion: "v1",
    kind: "Config",
    // The client library refuses plain HTTP to anything that has not waived TLS.
    clusters: [{ name: "local", cluster: { server, "insecure-skip-tls-verify": true } }],
    users: [{ name: "local", user: token === undefined ? {} : { token } }],
    contexts: [{ name: "local", context: { cluster: "local", user: "local" } }],
    "current-context": "local",
  };
  return `${JSON.stringify(config, null, 2)}\n`;
}
