/**
 * What reads a kubeconfig and signs in by it, and nothing else of the Kubernetes client: all of it, its hundreds of
 * models too, would take 45 MB of each process that has one.
 */
export { KubeConfig } from "@kubernetes/client-node";
