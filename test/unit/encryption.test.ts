import { encryptionFor } from "../../functions/statement-builder/store/encryption.ts";

const SETTINGS = {
  keyId: "alias/statements",
  keyIds: new Map([["/private-bank", "alias/private-bank"]]),
  context: { application: "statements", tenant: "{source}" },
};

test("a source with a key of its own gets it, every other the installation's", () => {
  expect(encryptionFor("/private-bank", SETTINGS)).toEqual({
    keyId: "alias/private-bank",
    context: { application: "statements", tenant: "/private-bank" },
  });
  expect(encryptionFor("/private-bank/app", SETTINGS)).toEqual({
    keyId: "alias/statements",
    context: { application: "statements", tenant: "/private-bank/app" },
  });
});

test("without a key the bucket decides", () => {
  expect(encryptionFor("/retail", { ...SETTINGS, keyId: undefined })).toBeUndefined();
});
