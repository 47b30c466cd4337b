import { parseClusterAddress } from "../../infra/local/cluster/router/cluster-address.ts";

test.each([
  ["http://request-intake.statements.svc/dead-letter", "request-intake", "/dead-letter"],
  ["http://request-intake.statements.svc.cluster.local/", "request-intake", "/"],
  ["http://request-intake.other.svc/a?b=c", "request-intake", "/a?b=c"],
])("%s is Service %s, path %s", (uri, service, path) => {
  expect(parseClusterAddress(uri)).toEqual({ service, path });
});

test.each(["http://127.0.0.1:8080/", "https://sink.example.com/svc", "http://svc/"])(
  "%s is outside the cluster",
  (uri) => {
    expect(parseClusterAddress(uri)).toBeUndefined();
  },
);
