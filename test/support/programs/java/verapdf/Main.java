/** What veraPDF says of PDFs by PDF/UA-1: their names in, for each a line of what is wrong, or of nothing, out. */
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.TreeSet;
import java.util.logging.LogManager;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

public class Main {
  public static void main(String[] args) throws Exception {
    LogManager.getLogManager().reset();
    VeraGreenfieldFoundryProvider.initialise();
    for (var name : args) {
      try (var file = Files.newInputStream(Path.of(name));
          var parser = Foundries.defaultInstance().createParser(file, PDFAFlavour.PDFUA_1);
          var validator = Foundries.defaultInstance().createValidator(PDFAFlavour.PDFUA_1, false)) {
        var failed = new TreeSet<String>();
        for (var one : validator.validate(parser).getTestAssertions()) {
          if (one.getStatus() != TestAssertion.Status.FAILED) continue;
          failed.add(one.getRuleId().getClause() + "-" + one.getRuleId().getTestNumber() + " " + one.getMessage());
        }
        System.out.println(String.join("; ", failed));
      }
    }
  }
}
