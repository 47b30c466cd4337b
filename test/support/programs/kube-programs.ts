/**
 * Where kube-apiserver and etcd are: the folder `KUBEBUILDER_ASSETS`, as in controller-runtime's
 * envtest, then the PATH, else built once from their Go modules.
 */
import { goProgram } from "../../../infra/local/programs/go-program.ts";

const RECIPES = new URL("./go/", import.meta.url);
const LEAN = ["-ldflags", "-s -w"];

export function kubeApiserver(): Promise<string> {
  return goProgram({
    name: "kube-apiserver",
    version: "v1.34.4",
    takes: "5 minutes",
    folders: assets(),
    cwd: new URL("kube-apiserver/", RECIPES).pathname,
    build: (folder) => ["build", ...LEAN, "-o", folder, "k8s.io/kubernetes/cmd/kube-apiserver"],
  });
}

export function etcd(): Promise<string> {
  return goProgram({
    name: "etcd",
    version: "v3.7.3",
    takes: "half a minute",
    folders: assets(),
    cwd: new URL("etcd/", RECIPES).pathname,
    build: (folder) => ["build", ...LEAN, "-o", folder, "."],
  });
}

function assets(): string[] {
  return [process.env["KUBEBUILDER_ASSETS"] ?? ""].filter(Boolean);
}
