#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/dataset.hpp"

namespace model = ohmic::model;
using ohmic::errc;
using namespace ohmic_test;
using labelled_texts = std::vector<model::labelled_text>;

namespace {
labelled_texts lines_of(std::string const& bytes) {
  temporary_folder const folder;
  return model::read_labelled(folder.write("data.tsv", bytes));
}

void check_refused(std::string const& bytes, std::vector<std::string> const& parts) {
  INFO(bytes);
  check_failure(failure([&] { (void)lines_of(bytes); }), errc::file_format, parts);
}
}  // namespace

TEST_CASE("labelled texts are read line by line with LF or CRLF, with or without a last line end") {
  labelled_texts const want{{3, "a b", 1}, {0, "c\td", 2}, {12, "\u00e9", 3}};
  CHECK(lines_of("3\ta b\n0\tc\td\n12\t\u00e9\n") == want);
  CHECK(lines_of("3\ta b\r\n0\tc\td\r\n12\t\u00e9") == want);
  CHECK(lines_of("\xEF\xBB\xBF"
                 "3\ta b\n0\tc\td\n12\t\u00e9\n") == want);
}

TEST_CASE("bert-wordnet's 3000 test texts have its classes") {
  std::string const file = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet/test.tsv";
  labelled_texts const texts = model::read_labelled(file);
  CHECK(texts.size() == 3000);
  CHECK(texts[0].label == 3);
  CHECK(texts[0].text.starts_with("a local road"));
  model::check_labels(texts, 26, file);
}

TEST_CASE("lines that are no labelled text are refused by number") {
  check_refused("", {"data.tsv", "holds no text"});
  check_refused("\xEF\xBB\xBF", {"holds no text"});
  check_refused("1\ta\nno tab\n", {"data.tsv, line 2", "has no TAB", "'no tab'", "label<TAB>text"});
  check_refused("1\ta\n\n2\tb\n", {"data.tsv, line 2", "has no TAB"});
  check_refused("cat\ta\n", {"data.tsv, line 1", "not a class number", "'cat'"});
  check_refused("\ta\n", {"line 1", "not a class number", "'nothing'"});
  check_refused("-1\ta\n", {"line 1", "'-1'"});
  check_refused("1.0\ta\n", {"line 1", "'1.0'"});
  check_refused(" 1\ta\n", {"line 1", "' 1'"});
  check_refused("99999999999999999999\ta\n", {"line 1", "'99999999999999999999'"});
  check_refused("1\ta\n2\t\n", {"data.tsv, line 2", "text is empty"});
  check_refused("1\ta\n2\t \t\r\n", {"line 2", "text is empty"});
  check_refused("1\ta\n2\tb\xff\n", {"data.tsv, line 2", "not UTF-8 at byte 3"});
}

TEST_CASE("a data file that is missing or a folder is refused") {
  temporary_folder const folder;
  check_failure(failure([&] { (void)model::read_labelled(folder / "none.tsv"); }), errc::file_missing,
                {"none.tsv", "no such file"});
  check_failure(failure([&] { (void)model::read_labelled(folder.path()); }), errc::file_missing,
                {"got a folder, allowed: a regular file"});
}

TEST_CASE("a label that is no class of the model is refused by line") {
  labelled_texts const texts = lines_of("0\ta\n2\tb\n");
  model::check_labels(texts, 3, "data.tsv");
  check_failure(failure([&] { model::check_labels(texts, 2, "data.tsv"); }), errc::value,
                {"data.tsv, line 2", "no class of the model", "got 2", "0 to 1"});
}

TEST_CASE("the digest is the published FNV-1a of the bytes") {
  temporary_folder const folder;
  // Source  Fowler, Noll, Vo: test vectors of the 64-bit FNV-1a
  CHECK(model::content_digest(folder.write("empty", "")) == 0xcbf29ce484222325u);
  CHECK(model::content_digest(folder.write("a", "a")) == 0xaf63dc4c8601ec8cu);
  CHECK(model::content_digest(folder.write("foobar", "foobar")) == 0x85944171f73967e8u);
  check_failure(failure([&] { (void)model::content_digest(folder / "none"); }), errc::file_missing, {"none"});
}

TEST_CASE("calibrating on the scored data is refused, however it is named or ordered") {
  temporary_folder const folder;
  std::string const scored_text = "0\ta\n1\tb\n2\tc\n";
  auto const scored = folder.write("test.tsv", scored_text);
  auto const check = [&](std::filesystem::path const& calibration) {
    return failure([&] {
      (void)model::check_disjoint(calibration, model::read_labelled(calibration), scored, model::read_labelled(scored));
    });
  };
  check_failure(check(scored), errc::data_leak, {"test.tsv", "is the scored file itself", "held-out"});
  check_failure(check(folder.path() / "." / "test.tsv"), errc::data_leak, {"is the scored file itself"});
  std::filesystem::create_symlink(scored, folder / "link.tsv");
  std::filesystem::create_hard_link(scored, folder / "hard.tsv");
  check_failure(check(folder / "link.tsv"), errc::data_leak, {"link.tsv", "is the scored file itself"});
  check_failure(check(folder / "hard.tsv"), errc::data_leak, {"hard.tsv", "is the scored file itself"});
  for (std::string const same :
       {"0\ta\n1\tb\n2\tc\n", "0\ta\r\n1\tb\r\n2\tc", "2\tc\n0\ta\n1\tb\n2\tc\n", "9\ta\n9\tb\n9\tc\n"})
    check_failure(check(folder.write("copy.tsv", same)), errc::data_leak,
                  {"copy.tsv", "has the same texts", "test.tsv"});
}

TEST_CASE("texts that calibration and scored data have in common are counted") {
  labelled_texts const calibration = lines_of("0\ta\n1\tb\n1\tb\n2\tx\n"),
                       scored = lines_of("0\tb\n1\tc\n0\ta\n0\td\n0\td\n");
  model::data_overlap const o = model::check_disjoint("calib.tsv", calibration, "test.tsv", scored);
  CHECK(o.common == 2);
  CHECK(o.calibration == 3);
  CHECK(o.scored == 4);
}

TEST_CASE("bert-wordnet's calibration and test texts share none") {
  std::string const folder = OHMIC_SOURCE_DIR "/examples/models/bert-wordnet/";
  auto const o = model::check_disjoint(folder + "calib.tsv", model::read_labelled(folder + "calib.tsv"),
                                       folder + "test.tsv", model::read_labelled(folder + "test.tsv"));
  CHECK(o.calibration == 256);
  CHECK(o.scored == 3000);
  CHECK(o.common == 0);
}
