/** Verifies signatures of manifests by Nimbus and jose4j: the file of cases in, a line of JSON out. */
import com.nimbusds.jose.JWSObject;
import com.nimbusds.jose.Payload;
import com.nimbusds.jose.crypto.factories.DefaultJWSVerifierFactory;
import com.nimbusds.jose.jwk.AsymmetricJWK;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.util.Base64URL;
import com.nimbusds.jose.util.JSONArrayUtils;
import com.nimbusds.jose.util.JSONObjectUtils;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jose4j.jwa.AlgorithmConstraints;
import org.jose4j.jwk.PublicJsonWebKey;
import org.jose4j.jws.JsonWebSignature;

public class Main {
  interface Library {
    boolean verifies(Map<?, ?> signed) throws Exception;
  }

  static boolean nimbus(Map<?, ?> signed) throws Exception {
    Payload payload = new Payload(signed.get("payload").toString());
    JWSObject jws = JWSObject.parse(signed.get("jws").toString(), payload);
    JWK key = JWK.parse(JSONObjectUtils.toJSONString((Map<String, Object>) signed.get("key")));
    return jws.verify(
        new DefaultJWSVerifierFactory()
            .createJWSVerifier(jws.getHeader(), ((AsymmetricJWK) key).toPublicKey()));
  }

  static boolean jose4j(Map<?, ?> signed) throws Exception {
    JsonWebSignature jws = new JsonWebSignature();
    String payload = Base64URL.encode(signed.get("payload").toString()).toString();
    jws.setCompactSerialization(signed.get("jws").toString().replace("..", "." + payload + "."));
    jws.setAlgorithmConstraints(
        new AlgorithmConstraints(
            AlgorithmConstraints.ConstraintType.PERMIT, signed.get("alg").toString()));
    Map<String, Object> key = (Map<String, Object>) signed.get("key");
    jws.setKey(PublicJsonWebKey.Factory.newPublicJwk(key).getPublicKey());
    return jws.verifySignature();
  }

  static Map<String, Object> said(Library library, Iterable<?> all) {
    Map<String, Object> said = new LinkedHashMap<>();
    for (Object one : all) {
      Map<?, ?> signed = (Map<?, ?>) one;
      String answer;
      try {
        answer = library.verifies(signed) ? "verifies" : "does not verify";
      } catch (Throwable error) {
        answer = error.toString();
      }
      said.put(signed.get("name").toString(), answer);
    }
    return said;
  }

  public static void main(String[] args) throws Exception {
    var all = JSONArrayUtils.parse(Files.readString(Path.of(args[0])));
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("Nimbus", said(Main::nimbus, all));
    out.put("jose4j", said(Main::jose4j, all));
    System.out.println(JSONObjectUtils.toJSONString(out));
  }
}
