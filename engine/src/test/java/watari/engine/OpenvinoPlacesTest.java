package watari.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OpenvinoPlacesTest {
  private static final String PACKAGE = "lib/python3.12/site-packages/openvino/libs/";

  @TempDir private Path root;

  private final Map<String, String> environment = new HashMap<>();

  @Test
  void theUsersWordComesFirst() throws IOException, EngineException {
    var named = make("mine/libopenvino_c.so.2430");
    var active = make("venv/" + PACKAGE + "libopenvino_c.so.2641");
    environment.put("VIRTUAL_ENV", root.resolve("venv").toString());
    assertThat(places().library()).isEqualTo(active);
    for (var place : new Path[] {named, named.getParent()}) {
      environment.put("OPENVINO_LIB", place.toString());
      assertThat(places().library()).isEqualTo(named);
    }
  }

  @Test
  void aFolderMayBeAnEnvironmentOrAnArchive() throws IOException, EngineException {
    for (var inside :
        new String[] {
          PACKAGE + "libopenvino_c.so.2641",
          "openvino/libs/libopenvino_c.2641.dylib",
          "Lib/site-packages/openvino/libs/openvino_c.dll",
          "runtime/lib/intel64/libopenvino_c.so",
          "lib/libopenvino_c.so.2024.6.0"
        }) {
      var name = "at" + inside.hashCode();
      var made = make(name + "/" + inside);
      environment.put("OPENVINO_LIB", root.resolve(name).toString());
      assertThat(places().library()).isEqualTo(made);
    }
  }

  @Test
  void theNewestOfSeveralIsTaken() throws IOException, EngineException {
    make("v/libopenvino_c.so.2330");
    make("v/libopenvino_c.so.note");
    make("v/notlibopenvino_c.so.9999");
    var newest = make("v/libopenvino_c.so.2641");
    environment.put("OPENVINO_LIB", root.resolve("v").toString());
    assertThat(places().library()).isEqualTo(newest);
  }

  @Test
  void programsOnThePathTellOfTheirEnvironment() throws IOException, EngineException {
    Files.createDirectories(root.resolve("tools/bin"));
    var made = make("env/" + PACKAGE + "libopenvino_c.so.2641");
    environment.put(
        "PATH", root.resolve("tools/bin") + File.pathSeparator + root.resolve("env/bin"));
    assertThat(places().library()).isEqualTo(made);
  }

  @Test
  void theSystemsFoldersComeLast() throws IOException, EngineException {
    var system = make("usr/lib/x86_64-linux-gnu/libopenvino_c.so.2024.6.0");
    assertThat(places().library()).isEqualTo(system);
    var own = make("home/.local/" + PACKAGE + "libopenvino_c.so.2641");
    environment.put("HOME", root.resolve("home").toString());
    assertThat(places().library()).isEqualTo(own);
  }

  @Test
  void whereThereIsNoneItSaysWhatToDo() throws IOException {
    assertThatThrownBy(() -> places().library())
        .isInstanceOf(EngineException.class)
        .hasMessage(
            "OpenVINO is not there: 'pip install openvino' brings it; OPENVINO_LIB names its"
                + " libopenvino_c, or the folder of its Python environment");
    make("usr/lib/libopenvino_c.so");
    var nowhere = root.resolve("nowhere").toString();
    environment.put("OPENVINO_LIB", nowhere);
    assertThatThrownBy(() -> places().library())
        .hasMessage(
            "OpenVINO is not there: OPENVINO_LIB is '" + nowhere + "', and no libopenvino_c is");
  }

  @Test
  void aLibraryThatDoesNotLoadIsSaid() {
    var file = root.resolve("gone.so");
    assertThatThrownBy(() -> new OpenvinoLibrary(file))
        .isInstanceOf(EngineException.class)
        .hasMessageStartingWith("OpenVINO's library does not load: ");
  }

  private OpenvinoPlaces places() {
    return new OpenvinoPlaces(environment::get, root);
  }

  private Path make(String name) throws IOException {
    var file = root.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, "library");
  }
}
