import java.io.FileInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.zip.ZipFile;
import java.util.zip.ZipInputStream;

/** Unpacks a zip as it streams past, and holds each file against what the zip's directory leads to. */
class Unzip {
  public static void main(String[] args) throws IOException {
    var folder = Path.of(args[1]);
    try (var zip = new ZipFile(args[0]); var in = new ZipInputStream(new FileInputStream(args[0]))) {
      int files = 0;
      for (var entry = in.getNextEntry(); entry != null; entry = in.getNextEntry(), files++) {
        byte[] bytes = in.readAllBytes();
        byte[] listed = zip.getInputStream(zip.getEntry(entry.getName())).readAllBytes();
        if (!Arrays.equals(bytes, listed)) throw new IOException(entry.getName() + " is two files");
        var file = folder.resolve(entry.getName());
        Files.createDirectories(file.getParent());
        Files.write(file, bytes);
      }
      if (files != zip.size()) throw new IOException("the directory has " + zip.size() + " files");
    }
  }
}
