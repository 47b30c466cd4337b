import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.time.Instant;
import java.util.UUID;

/**
 * Asks for a statement from Java 17 or later, with the standard library alone.
 *
 * <pre>java Request.java [ADDRESS OF REQUEST-INTAKE]     INTAKE_TOKEN for an intake that asks for tokens</pre>
 *
 * With the SDK (io.cloudevents:cloudevents-http-basic) HttpMessageFactory writes the same headers.
 */
class Request {
  static final String DATA =
      """
      {"customer_id": "customer-000004", "start_date": "2025-01-01", "end_date": "2025-12-31"}""";

  public static void main(String[] args) throws InterruptedException {
    var builder =
        HttpRequest.newBuilder(URI.create(args.length > 0 ? args[0] : "http://localhost:8081/"))
            .timeout(Duration.ofSeconds(30))
            .header("content-type", "application/json")
            .header("ce-specversion", "1.0")
            .header("ce-type", "io.transactions-collector.statement.requested.v1")
            .header("ce-source", "/samples")
            // Here, once. Keep it with your order: whoever repeats it must send the same source and id.
            .header("ce-id", UUID.randomUUID().toString())
            .header("ce-time", Instant.now().toString())
            .POST(HttpRequest.BodyPublishers.ofString(DATA));
    var token = System.getenv("INTAKE_TOKEN");
    if (token != null) builder.header("authorization", "Bearer " + token);
    var request = builder.build();
    var client = HttpClient.newHttpClient();

    for (int attempt = 1; ; attempt++) {
      var pause = 1L << (attempt - 1);
      var again = true;
      String reason;
      try {
        var answer = client.send(request, HttpResponse.BodyHandlers.ofString());
        var status = answer.statusCode();
        if (status / 100 == 2) {
          System.out.println("recorded as " + answer.headers().firstValue("ce-subject").orElse(""));
          return;
        }
        reason = status + " " + answer.body();
        again = status == 408 || status == 429 || status >= 500;
        var after = answer.headers().firstValue("retry-after").orElse("");
        if (after.matches("\\d+")) pause = Long.parseLong(after);
      } catch (IOException noAnswer) {
        reason = noAnswer.toString();
      }
      if (!again || attempt == 5) {
        System.err.println("not recorded: " + reason);
        System.exit(1);
      }
      Thread.sleep(Duration.ofSeconds(pause).toMillis());
    }
  }
}
