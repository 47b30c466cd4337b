#!/usr/bin/env bash
# RFC 9864 gives EdDSA over Ed25519 a name of its own, `Ed25519`; libraries take key and header for strangers
# when they do not use the same of the two names.
#
# Versions: PyJWT 2.15.1 with cryptography 50.0.2, joserfc 1.8.0, jwcrypto 1.6.1 (PyPI).
# Input: one key, one signature over the same bytes: the header says `EdDSA`, the JWK's `alg` is once `EdDSA`
#   and once `Ed25519`, which is what WebCrypto of Node 24 writes into an exported key.
# Expected: RFC 9864, section 2.2: both name the same algorithm; all verify.
# Seen: where key and header have the same name all verify. Where they have not, PyJWT and joserfc refuse
#   the key, and jwcrypto verifies.
# So a signer publishes its key under the name that its headers use, and says which.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install --quiet --disable-pip-version-check "PyJWT[crypto]==2.15.1" cryptography==50.0.2 joserfc==1.8.0 jwcrypto==1.6.1
cat > verify.py <<'PY'
import json, warnings
import jwt
from joserfc import jws
from joserfc.jwk import OKPKey
from jwcrypto.jwk import JWK
from jwcrypto.jws import JWS

warnings.simplefilter("ignore")
key = JWK.generate(kty="OKP", crv="Ed25519")
signer = JWS(b"manifest")
signer.add_signature(key, None, json.dumps({"alg": "EdDSA"}), None)
token = signer.serialize(compact=True)
public = json.loads(key.export_public())

def pyjwt(jwk):
    jwt.PyJWS().decode(token, jwt.PyJWK(jwk), algorithms=["EdDSA", "Ed25519"])

def joserfc(jwk):
    jws.deserialize_compact(token, OKPKey.import_key(jwk), algorithms=["EdDSA", "Ed25519"])

def jwcrypto(jwk):
    JWS.from_jose_token(token).verify(JWK(**jwk))

for name in ("EdDSA", "Ed25519"):
    for library in (pyjwt, joserfc, jwcrypto):
        try:
            library({**public, "alg": name})
            said = "verifies"
        except Exception as error:
            said = f"refuses ({type(error).__name__})"
        print(f"header EdDSA, key {name}: {library.__name__} {said}")
PY
venv/bin/python verify.py | tee seen
diff seen - <<'SEEN'
header EdDSA, key EdDSA: pyjwt verifies
header EdDSA, key EdDSA: joserfc verifies
header EdDSA, key EdDSA: jwcrypto verifies
header EdDSA, key Ed25519: pyjwt refuses (PyJWKError)
header EdDSA, key Ed25519: joserfc refuses (UnsupportedKeyAlgorithmError)
header EdDSA, key Ed25519: jwcrypto verifies
SEEN
echo "as described: two of three take the names for two algorithms"
