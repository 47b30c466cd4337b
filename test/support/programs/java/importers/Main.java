/** What OFX4J and Prowide make of files: their names in, for each a line of JSON with its rows out. */
import com.prowidesoftware.swift.model.mx.MxCamt05300108;
import com.prowidesoftware.swift.model.mx.dic.CreditDebitCode;
import com.webcohesion.ofx4j.domain.data.MessageSetType;
import com.webcohesion.ofx4j.domain.data.ResponseEnvelope;
import com.webcohesion.ofx4j.domain.data.banking.BankingResponseMessageSet;
import com.webcohesion.ofx4j.io.AggregateUnmarshaller;
import java.math.BigDecimal;
import java.nio.file.Files;
import java.nio.file.Path;
import java.text.SimpleDateFormat;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.LogManager;

public class Main {
  static String row(String account, String currency, String id, Object day, BigDecimal amount) {
    return String.format(
        "{\"account\":\"%s\",\"currency\":\"%s\",\"id\":\"%s\",\"day\":\"%s\",\"amount\":\"%s\"}",
        account, currency, id, day, amount.stripTrailingZeros().toPlainString());
  }

  static List<String> ofx4j(Path file) throws Exception {
    var rows = new ArrayList<String>();
    // Given the bytes it would take each for a letter.
    var reader = Files.newBufferedReader(file);
    var envelope = new AggregateUnmarshaller<>(ResponseEnvelope.class).unmarshal(reader);
    var banking = (BankingResponseMessageSet) envelope.getMessageSet(MessageSetType.banking);
    for (var response : banking.getStatementResponses()) {
      var statement = response.getMessage();
      var transactions = statement.getTransactionList().getTransactions();
      for (var one : transactions == null ? List.<com.webcohesion.ofx4j.domain.data.common.Transaction>of() : transactions) {
        // As its users take the day: in the zone of their machine.
        var day = new SimpleDateFormat("yyyy-MM-dd").format(one.getDatePosted());
        var account = statement.getAccount().getAccountNumber();
        rows.add(row(account, statement.getCurrencyCode(), one.getId(), day, one.getBigDecimalAmount()));
      }
    }
    return rows;
  }

  static List<String> prowide(Path file) throws Exception {
    var rows = new ArrayList<String>();
    var message = MxCamt05300108.parse(Files.readString(file));
    for (var statement : message.getBkToCstmrStmt().getStmt()) {
      var account = statement.getAcct();
      var id = account.getId().getIBAN();
      for (var entry : statement.getNtry()) {
        var amount = entry.getAmt().getValue();
        rows.add(
            row(
                id == null ? account.getId().getOthr().getId() : id,
                account.getCcy(),
                entry.getAcctSvcrRef(),
                entry.getBookgDt().getDt(),
                entry.getCdtDbtInd() == CreditDebitCode.DBIT ? amount.negate() : amount));
      }
    }
    return rows;
  }

  public static void main(String[] args) throws Exception {
    LogManager.getLogManager().reset();
    for (int n = 1; n < args.length; n++) {
      var file = Path.of(args[n]);
      System.out.println(args[0].startsWith("OFX4J") ? ofx4j(file) : prowide(file));
    }
  }
}
