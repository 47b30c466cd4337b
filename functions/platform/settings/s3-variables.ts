/** Where the store is, and how it is spoken to; credentials come from `AWS_*` as in every AWS program. */
import { text, url, yesOrNo } from "./variables.ts";

export const S3_VARIABLES = {
  S3_ENDPOINT: url("http://s3.local:9000").optional(),
  S3_CA_FILE: text({
    expected: "the path of a PEM file",
    example: "/etc/s3-ca/ca.pem",
  }).optional(),
  /** `true`: statements may travel in plain text to another machine, as in a mesh that encrypts. */
  S3_INSECURE: yesOrNo("false"),
  S3_FORCE_PATH_STYLE: yesOrNo("false"),
  AWS_REGION: text({ expected: "a region", example: "eu-central-1" }).optional(),
} as const;
