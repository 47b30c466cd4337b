import { readFile } from "node:fs/promises";
import { parse } from "yaml";
import { FUNCTION_NAMES } from "../../functions/domain/function-names.ts";
import { funcYaml as funcYamlOf } from "../../infra/kubernetes/images/func-yaml.ts";
import { funcYaml } from "../support/cluster/func-yaml-schema.ts";
import { knativeService } from "../support/cluster/knative-service-schema.ts";
import { render } from "../support/cluster/kustomize.ts";

const SCALING = "autoscaling.knative.dev/";

const rendered = await render("infra/kubernetes/base");

async function readFunc(name: string) {
  const file = new URL(`../../functions/${name}/func.yaml`, import.meta.url);
  return funcYaml.parse(parse(await readFile(file, "utf8")));
}

/** `func` replaces all of this of a Service it finds, so the file must say what the base says. */
describe.each(FUNCTION_NAMES)("func.yaml of %s", (name) => {
  const service = knativeService.parse(
    rendered.find((one) => one.kind === "Service" && one.metadata.name === name),
  );
  const { metadata, spec } = service.spec.template;
  const [container] = spec.containers;

  test("is what its generator writes", async () => {
    const file = new URL(`../../functions/${name}/func.yaml`, import.meta.url);
    expect(await readFile(file, "utf8")).toBe(await funcYamlOf(name));
  });

  test("names the service, its namespace, account and image", async () => {
    const { name: named, namespace, image, deploy } = await readFunc(name);
    expect({ named, namespace, image }).toEqual({
      named: service.metadata.name,
      namespace: service.metadata.namespace,
      image: container.image,
    });
    expect(deploy).toMatchObject({ namespace, image, serviceAccountName: spec.serviceAccountName });
  });

  test("has the labels of the service, and its probes", async () => {
    const { deploy } = await readFunc(name);
    const labels = Object.fromEntries(deploy.labels.map(({ key, value }) => [key, value]));
    expect(labels).toEqual(service.metadata.labels);
    expect(deploy.healthEndpoints).toEqual({
      liveness: container.livenessProbe.httpGet.path,
      readiness: container.readinessProbe.httpGet.path,
    });
  });

  test("has its scale and resources", async () => {
    const { scale, resources } = (await readFunc(name)).deploy.options;
    const { annotations = {} } = (await readFunc(name)).deploy;
    const { requests, limits } = resources;
    const { concurrency, ...limited } = limits;
    expect({ requests, limits: limited }).toEqual(container.resources);
    expect(concurrency).toBe(spec.containerConcurrency);
    const asAnnotations = {
      ...annotations,
      [`${SCALING}min-scale`]: String(scale.min),
      [`${SCALING}max-scale`]: String(scale.max),
      ...(scale.metric && { [`${SCALING}metric`]: scale.metric }),
      ...(scale.target && { [`${SCALING}target`]: String(scale.target) }),
      ...(scale.utilization && {
        [`${SCALING}target-utilization-percentage`]: String(scale.utilization),
      }),
    };
    expect(asAnnotations).toEqual(metadata.annotations);
  });

  test("sets what the settings of the base set, and refers to the same Secrets", async () => {
    const { envs } = (await readFunc(name)).run;
    const settings = envs.filter((env) => "name" in env && !env.value.startsWith("{{"));
    const generated = rendered.find(
      (one) =>
        one.kind === "ConfigMap" &&
        one.metadata.name === container.envFrom.at(0)?.configMapRef.name,
    );
    expect(
      Object.fromEntries(settings.map((env) => ["name" in env ? env.name : "", env.value])),
    ).toEqual(generated?.["data"]);
    const secrets = envs.flatMap(({ value }) => /secret:([\w-]+)/.exec(value)?.[1] ?? []);
    const inBase = (container.env ?? []).map((env) => env.valueFrom?.secretKeyRef.name);
    expect(new Set(secrets)).toEqual(new Set(inBase));
  });
});
