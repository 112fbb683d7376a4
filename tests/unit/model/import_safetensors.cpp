#include <array>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <string>
#include <sys/stat.h>
#include <utility>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/safetensors.hpp"

namespace model = ohmic::model;
using ohmic::errc;
using namespace ohmic_test;

namespace {
/// Two tensors: a (2, 3) F32 in bytes 0 to 24, b (2) F16 in bytes 24 to 28.
std::string const good_header =
    R"({"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
    R"("b":{"dtype":"F16","shape":[2],"data_offsets":[24,28]}})";
std::string const good_data = raw_bytes<float>({1, 2, 3, 4, 5, 6}) + raw_bytes<std::uint16_t>({0x3C00, 0xC000});

/// What opening a file of this header says.
ohmic::error open_failure(std::string const& header, std::string const& data = good_data) {
  temporary_folder const folder;
  auto const file = folder.write("weights.safetensors", safetensors_bytes(header, data));
  return failure([&] { model::safetensors_file{file}; });
}

/// A header of one tensor "a" with these fields.
std::string one_tensor(std::string const& fields) { return R"({"a":{)" + fields + "}}"; }
}  // namespace

TEST_CASE("a safetensors file lists its tensors by name, with type, shape and metadata") {
  temporary_folder const folder;
  model::safetensors_file const file(folder.write("w.safetensors", safetensors_bytes(good_header, good_data)));
  CHECK(file.names() == std::vector<std::string>{"a", "b"});
  CHECK(file.info("a").type == "F32");
  CHECK(file.info("a").shape == std::vector<std::uint64_t>{2, 3});
  CHECK(file.info("b").begin == 24);
  CHECK(file.contains("b"));
  CHECK_FALSE(file.contains("c"));
  CHECK(file.metadata().at("format") == "pt");
}

TEST_CASE("matrices and vectors are read in row order, half precision widened") {
  temporary_folder const folder;
  model::safetensors_file file(folder.write("w.safetensors", safetensors_bytes(good_header, good_data)));
  ohmic::matrix<float> const a = file.read_matrix("a", 2, 3);
  CHECK(a(0, 2) == 3.0f);
  CHECK(a(1, 0) == 4.0f);
  CHECK(file.read_vector("b", 2) == std::vector<float>{1.0f, -2.0f});
}

TEST_CASE("codes of 8 bits are read with their scales, of all, of each row, or as bitsandbytes has them") {
  std::string const codes = raw_bytes<std::int8_t>({1, -128, 127, 0, -3, 5});
  auto const file_of = [&](temporary_folder const& folder, std::string const& more, std::string const& data) {
    std::string const header =
        R"({"a.weight":{"dtype":"I8","shape":[2,3],"data_offsets":[0,6]},"pad":{"dtype":"I8","shape":[2],"data_offsets":[6,8]})" +
        more + "}";
    return model::safetensors_file(
        folder.write("w.safetensors", safetensors_bytes(header, codes + std::string(2, '\0') + data)));
  };
  temporary_folder const folder;
  auto rows = file_of(folder, R"(,"a.weight_scale":{"dtype":"F32","shape":[2,1],"data_offsets":[8,16]})",
                      raw_bytes<float>({0.5f, 2.0f}));
  CHECK(rows.unread() == std::vector<std::string>{"a.weight", "a.weight_scale", "pad"});
  rows.check_matrix("a.weight", 2, 3);
  CHECK(rows.unread() == std::vector<std::string>{"pad"});  // scales belong to their codes
  auto const by_row = rows.read_matrix("a.weight", 2, 3);
  CHECK(std::vector<float>(by_row.flat().begin(), by_row.flat().end()) ==
        std::vector<float>{0.5f, -64.0f, 63.5f, 0.0f, -6.0f, 10.0f});
  auto one = file_of(folder, R"(,"a.weight_scale":{"dtype":"F16","shape":[],"data_offsets":[8,10]})",
                     raw_bytes<std::uint16_t>({0x3800}));  // 0.5
  CHECK(one.read_matrix("a.weight", 2, 3)(1, 2) == 2.5f);
  auto largest = file_of(folder, R"(,"a.SCB":{"dtype":"F32","shape":[2],"data_offsets":[8,16]})",
                         raw_bytes<float>({127.0f, 254.0f}));
  CHECK(largest.read_matrix("a.weight", 2, 3)(0, 1) == -128.0f);
  CHECK(largest.read_matrix("a.weight", 2, 3)(1, 1) == -6.0f);

  auto none = file_of(folder, "", "");
  check_failure(failure([&] { static_cast<void>(none.read_matrix("a.weight", 2, 3)); }), errc::missing_entry,
                {"a.weight", "without scales", "a.SCB"});
  auto few = file_of(folder, R"(,"a.weight_scale":{"dtype":"F32","shape":[3],"data_offsets":[8,20]})",
                     raw_bytes<float>({1, 2, 3}));
  check_failure(failure([&] { few.check_matrix("a.weight", 2, 3); }), errc::shape, {"a.weight_scale", "2, one a row"});
  auto bad = file_of(folder, R"(,"a.weight_scale":{"dtype":"F32","shape":[1],"data_offsets":[8,12]})",
                     raw_bytes<float>({std::numeric_limits<float>::quiet_NaN()}));
  check_failure(failure([&] { static_cast<void>(bad.read_matrix("a.weight", 2, 3)); }), errc::value,
                {"a.weight_scale"});
}

TEST_CASE("a scale of codes is above 0, but where all codes are 0") {
  temporary_folder const folder;
  auto const read = [&](std::vector<std::int8_t> const& codes, std::vector<float> const& scales) {
    std::string const n = std::to_string(scales.size());
    auto const header =
        R"({"a.weight":{"dtype":"I8","shape":[2,2],"data_offsets":[0,4]},"a.weight_scale":{"dtype":"F32","shape":[)" +
        n + R"(],"data_offsets":[4,)" + std::to_string(4 + 4 * scales.size()) + "]}}";
    model::safetensors_file file(
        folder.write("w.safetensors", safetensors_bytes(header, raw_bytes(codes) + raw_bytes(scales))));
    return file.read_matrix("a.weight", 2, 2);
  };
  auto const refused = [&](std::vector<float> const& scales, std::string const& element) {
    check_failure(failure([&] {
                    static_cast<void>(read({1, 0, 0, 1}, scales));
                  }),
                  errc::value, {"'a.weight_scale'", element, "above 0"});
  };
  refused({1.0f, 0.0f}, "element 1 is no scale");
  refused({-1.0f, 1.0f}, "got -1");
  refused({0.0f}, "element 0 is no scale");
  CHECK(read({0, 0, 0, 2}, {0.0f, 0.5f})(1, 1) == 1.0f);
  CHECK(read({0, 0, 0, 0}, {0.0f})(0, 0) == 0.0f);
}

TEST_CASE("BF16 tensors longer than the reader's buffer are read whole") {
  std::size_t const n = 150'001;  // over two buffers of 2^16 values and a rest
  std::vector<std::uint16_t> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = static_cast<std::uint16_t>(i % 0x7F80);
  temporary_folder const folder;
  std::string const header = one_tensor(R"("dtype":"BF16","shape":[150001],"data_offsets":[0,300002])");
  model::safetensors_file file(folder.write("w.safetensors", safetensors_bytes(header, raw_bytes(values))));
  std::vector<float> const read = file.read_vector("a", n);
  bool same = true;
  for (std::size_t i = 0; i < n; ++i) same = same && read[i] == model::from_bfloat16(values[i]);
  CHECK(same);
}

TEST_CASE("a header may be padded with spaces, hold empty tensors and types that are never read") {
  std::string const header = R"({"empty":{"dtype":"F32","shape":[0,3],"data_offsets":[8,8]},)"
                             R"("ids":{"dtype":"I64","shape":[],"data_offsets":[0,8]}}   )";
  temporary_folder const folder;
  model::safetensors_file file(folder.write("w.safetensors", safetensors_bytes(header, "12345678")));
  CHECK(file.names().size() == 2);
  check_failure(failure([&] { (void)file.read_matrix("empty", 0, 3); }), errc::shape,
                {"w.safetensors", "tensor 'empty'", "is empty", "[0, 3]"});
}

TEST_CASE("a file that is missing, a folder or a pipe is refused without waiting") {
  temporary_folder const folder;
  check_failure(failure([&] { model::safetensors_file{folder / "absent.safetensors"}; }), errc::file_missing,
                {"absent.safetensors", "no such file"});
  check_failure(failure([&] { model::safetensors_file{folder.path()}; }), errc::file_missing,
                {"got a folder, allowed: a regular file"});
  REQUIRE(::mkfifo((folder / "pipe").c_str(), 0600) == 0);
  check_failure(failure([&] { model::safetensors_file{folder / "pipe"}; }), errc::file_missing,
                {"pipe", "a regular file"});
}

TEST_CASE("a lying header length is refused before memory is taken") {
  temporary_folder const folder;
  auto const open = [&](std::string const& bytes) {
    auto const file = folder.write("short.safetensors", bytes);
    return failure([&] { model::safetensors_file{file}; });
  };
  check_failure(open(""), errc::file_truncated, {"short.safetensors", "too short", "0 bytes"});
  check_failure(open("1234567"), errc::file_truncated, {"short.safetensors", "7 bytes", "at least 8"});
  std::string const whole = safetensors_bytes(good_header, "");
  check_failure(open(whole.substr(0, 40)), errc::file_truncated,
                {"header length", std::to_string(good_header.size()), "at most 32 bytes"});
  check_failure(open(std::string(8, '\xff') + "{}"), errc::file_truncated, {"header length", "18446744073709551615"});
  check_failure(open(std::string(8, '\0')), errc::file_format, {"header does not start with '{'"});

  // 100 MB and a little, without taking the space on disk.
  std::uint64_t const length = 100'000'001;
  auto const large = folder.write("large.safetensors", raw_bytes<std::uint64_t>({length}));
  std::filesystem::resize_file(large, 8 + length);
  check_failure(failure([&] { model::safetensors_file{large}; }), errc::file_format,
                {"large.safetensors", "header length is too large", "100000001 bytes", "100000000 bytes"});
}

TEST_CASE("a header that is broken JSON or no object of objects is refused") {
  check_failure(open_failure("hello"), errc::file_format, {"weights.safetensors", "does not start with '{'"});
  check_failure(open_failure("[]"), errc::file_format, {"does not start with '{'"});
  check_failure(open_failure(good_header.substr(0, 60)), errc::file_format, {"broken JSON at byte 61"});
  check_failure(open_failure(good_header + "x"), errc::file_format, {"broken JSON"});
  check_failure(open_failure("{\"a\xff\":{}}"), errc::file_format, {"broken JSON"});
  check_failure(open_failure(R"({"a":5})"), errc::file_format, {"tensor 'a'", "is not an object", "5"});
  check_failure(open_failure(R"({"a":null})"), errc::file_format, {"tensor 'a'", "is not an object", "null"});
  check_failure(open_failure(R"({"a":[]})"), errc::file_format, {"tensor 'a'", "is not an object", "array"});
  check_failure(open_failure("{" + std::string(100'000, '[')), errc::file_format, {"broken JSON"});
  check_failure(open_failure(R"({"a":)" + std::string(100'000, '[')), errc::file_format, {"tensor 'a'"});
}

TEST_CASE("__metadata__ must map strings to strings") {
  check_failure(open_failure(R"({"__metadata__":5})"), errc::file_format, {"__metadata__", "not an object"});
  check_failure(open_failure(R"({"__metadata__":{"n":5}})"), errc::file_format,
                {"__metadata__", "'n'", "5", "a string"});
  check_failure(open_failure(R"({"__metadata__":{"n":{}}})"), errc::file_format, {"__metadata__", "'n'", "an object"});
  check_failure(open_failure(R"({"__metadata__":{"n":"1","n":"2"}})"), errc::file_format, {"'n'", "given twice"});
  check_failure(open_failure(R"({"__metadata__":{},"__metadata__":{}})"), errc::file_format,
                {"__metadata__", "given twice"});
}

TEST_CASE("missing, unknown and repeated fields of a tensor are named") {
  auto const fails = [](std::string const& fields, std::vector<std::string> parts) {
    parts.push_back("weights.safetensors, tensor 'a'");
    check_failure(open_failure(one_tensor(fields)), errc::file_format, parts);
  };
  fails(R"("shape":[7],"data_offsets":[0,28])", {"dtype is missing"});
  fails(R"("dtype":"F32","data_offsets":[0,28])", {"shape is missing"});
  fails(R"("dtype":"F32","shape":[7])", {"data_offsets is missing"});
  fails(R"("dtype":"F32","shape":[7],"data_offsets":[0,28],"extra":1)", {"unknown field", "'extra'"});
  fails(R"("dtype":"F32","dtype":"F32","shape":[7],"data_offsets":[0,28])", {"given twice", "'dtype'"});
  fails(R"("dtype":"F33","shape":[7],"data_offsets":[0,28])", {"dtype is unknown", "'F33'", "BF16"});
  fails(R"("dtype":32,"shape":[7],"data_offsets":[0,28])", {"'dtype'", "wrong type", "32", "a string"});
  fails(R"("dtype":"F32","shape":"7","data_offsets":[0,28])", {"'shape'", "wrong type", "'7'", "an array"});
  fails(R"("dtype":"F32","shape":[7],"data_offsets":28)", {"'data_offsets'", "wrong type", "28"});
}

TEST_CASE("impossible shapes are refused") {
  auto const fails = [](std::string const& shape, std::vector<std::string> parts) {
    parts.push_back("weights.safetensors, tensor 'a'");
    check_failure(open_failure(one_tensor(R"("dtype":"F32","data_offsets":[0,28],"shape":)" + shape)),
                  errc::file_format, parts);
  };
  fails("[-7]", {"shape is wrong", "-7"});
  fails("[7.0]", {"shape is wrong", "7.0"});
  fails("[\"7\"]", {"shape is wrong", "'7'"});
  fails("[[7]]", {"shape is wrong", "an array"});
  fails("[null]", {"shape is wrong", "null"});
  fails("[18446744073709551616]", {"shape is wrong", "18446744073709551616"});
  fails("[4294967296,4294967296]", {"larger than any file", "[4294967296, 4294967296]"});
  fails("[2305843009213693952]", {"larger than any file"});  // times 4 bytes is 2^63, times 32 bits too much
  check_failure(open_failure(one_tensor(R"("dtype":"F4","data_offsets":[0,1],"shape":[3])"), "x"), errc::file_format,
                {"tensor 'a'", "whole bytes", "F4 [3]"});
  std::string ones = "1";
  for (int i = 0; i < 40; ++i) ones += ",1";
  fails("[" + ones + "]", {"too many dimensions"});
}

TEST_CASE("data_offsets must match dtype and shape and stay inside the file") {
  auto const fails = [](errc code, std::string const& offsets, std::vector<std::string> parts) {
    parts.push_back("weights.safetensors, tensor 'a'");
    check_failure(open_failure(one_tensor(R"("dtype":"F32","shape":[7],"data_offsets":)" + offsets)), code, parts);
  };
  fails(errc::file_format, "[0,27]", {"do not match", "27 bytes", "28 bytes for F32 [7]"});
  fails(errc::file_format, "[0,56]", {"do not match", "56 bytes"});
  fails(errc::file_format, "[28,0]", {"run backwards", "[28, 0]"});
  fails(errc::file_format, "[0]", {"incomplete", "1 numbers"});
  fails(errc::file_format, "[0,28,56]", {"too many numbers"});
  fails(errc::file_format, "[-1,27]", {"data_offsets is wrong", "-1"});
  fails(errc::file_format, "[0.5,28]", {"data_offsets is wrong", "0.5"});
  fails(errc::file_truncated, "[4,32]", {"beyond the end", "[4, 32]", "0 to 28"});
  fails(errc::file_truncated, "[18446744073709551587,18446744073709551615]", {"beyond the end"});
}

TEST_CASE("tensors must cover the data once, without overlap, gap or rest") {
  auto const two = [](std::string const& a, std::string const& b) {
    return R"({"a":{"dtype":"F32","shape":[3],"data_offsets":)" + a +
           R"(},"b":{"dtype":"F32","shape":[3],"data_offsets":)" + b + "}}";
  };
  check_failure(open_failure(two("[0,12]", "[8,20]"), std::string(20, '\0')), errc::file_format,
                {"tensor 'b'", "overlap those of tensor 'a'", "[8, 20]", "begin = 12"});
  check_failure(open_failure(two("[0,12]", "[0,12]"), std::string(12, '\0')), errc::file_format, {"overlap"});
  check_failure(open_failure(two("[0,12]", "[16,28]"), std::string(28, '\0')), errc::file_format,
                {"tensor 'b'", "leave a gap", "[16, 28]", "begin = 12"});
  check_failure(open_failure(two("[4,16]", "[16,28]"), std::string(28, '\0')), errc::file_format,
                {"tensor 'a'", "leave a gap", "begin = 0"});
  check_failure(open_failure(two("[0,12]", "[12,24]"), std::string(25, '\0')), errc::file_format,
                {"after the last tensor", "1 bytes"});
  check_failure(open_failure(two("[0,12]", "[12,24]"), std::string(23, '\0')), errc::file_truncated,
                {"tensor 'b'", "beyond the end", "truncated"});
  check_failure(open_failure("{}", "x"), errc::file_format, {"after the last tensor"});
}

TEST_CASE("a name that is given twice is refused") {
  std::string const a = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]})";
  std::string const again = R"("a":{"dtype":"U8","shape":[1],"data_offsets":[1,2]})";
  check_failure(open_failure("{" + a + "," + again + "}", "xy"), errc::file_format,
                {"tensor 'a'", "name is given twice"});
}

TEST_CASE("a request that the file cannot fulfil names tensor, shapes and the nearest name") {
  temporary_folder const folder;
  std::string const header = R"({"layer.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                             R"("ids":{"dtype":"I32","shape":[1],"data_offsets":[24,28]}})";
  model::safetensors_file file(folder.write("w.safetensors", safetensors_bytes(header, good_data)));
  check_failure(failure([&] { (void)file.read_matrix("layer.0.wieght", 2, 3); }), errc::missing_entry,
                {"w.safetensors", "tensor 'layer.0.wieght'", "did you mean 'layer.0.weight'?"});
  check_failure(failure([&] { (void)file.read_matrix("layer.0.weight", 3, 2, "by the config"); }), errc::shape,
                {"tensor 'layer.0.weight'", "[2, 3]", "[3, 2] (by the config)"});
  check_failure(failure([&] { (void)file.read_vector("layer.0.weight", 6); }), errc::shape, {"[2, 3]", "[6]"});
  check_failure(failure([&] { (void)file.read_vector("ids", 1); }), errc::file_format, {"tensor 'ids'", "I32", "F32"});
  model::safetensors_file const empty(folder.write("none.safetensors", safetensors_bytes("{}", "")));
  check_failure(failure([&] { (void)empty.info("a"); }), errc::missing_entry, {"none.safetensors", "holds no tensor"});
}

TEST_CASE("NaN and infinity in weights are refused with the element") {
  float const inf = std::numeric_limits<float>::infinity(), nan = std::numeric_limits<float>::quiet_NaN();
  temporary_folder const folder;
  auto const read = [&](std::vector<float> const& values) {
    model::safetensors_file file(folder.write(
        "w.safetensors",
        safetensors_bytes(one_tensor(R"("dtype":"F32","shape":[2,3],"data_offsets":[0,24])"), raw_bytes(values))));
    return failure([&] { (void)file.read_matrix("a", 2, 3); });
  };
  check_failure(read({1, 2, 3, 4, nan, 6}), errc::value,
                {"w.safetensors", "tensor 'a'", "element 4 (row 1, column 1)", "got NaN"});
  check_failure(read({1, 2, inf, 4, 5, 6}), errc::value, {"element 2 (row 0, column 2)", "got infinity"});
  check_failure(read({-inf, 2, 3, 4, 5, nan}), errc::value, {"element 0 (row 0, column 0)", "got -infinity"});

  std::string const half = one_tensor(R"("dtype":"F16","shape":[3],"data_offsets":[0,6])");
  model::safetensors_file file(
      folder.write("h.safetensors", safetensors_bytes(half, raw_bytes<std::uint16_t>({0, 0, 0x7C00}))));
  check_failure(failure([&] { (void)file.read_vector("a", 3); }), errc::value, {"element 2", "got infinity"});
}

TEST_CASE("a file that shrinks after it was opened is an error") {
  temporary_folder const folder;
  auto const path = folder.write("w.safetensors", safetensors_bytes(good_header, good_data));
  model::safetensors_file file(path);
  std::filesystem::resize_file(path, 8 + good_header.size() + 12);
  check_failure(failure([&] { (void)file.read_matrix("a", 2, 3); }), errc::file_truncated,
                {"w.safetensors", "tensor 'a'", "ended while it was read", "12 bytes", "24 bytes"});
  check_failure(failure([&] { (void)file.read_vector("b", 2); }), errc::file_truncated, {"tensor 'b'", "0 bytes"});
}

TEST_CASE("names from hostile files cannot break a message") {
  std::string const name = std::string(300, 'x') + R"(\n\u001b[31m)";
  std::string const text = open_failure(R"({")" + name + R"(":5})").what();
  CHECK(text.find('\n') == std::string::npos);
  CHECK(text.find('\x1b') == std::string::npos);
  CHECK_THAT(text, contains("xxx...'"));
  CHECK(ohmic::in_quotes("a\nb\xff\x7f") == R"('a\x0ab\xff\x7f')");
}

namespace {
/// Opens the bytes as a file and reads all that it lists. True if it is valid; an ohmic::error makes it false, anything
/// else escapes and fails the test.
bool is_valid(temporary_folder const& folder, std::string const& bytes) {
  auto const path = folder.write("mutant.safetensors", bytes);
  try {
    model::safetensors_file file(path);
    std::uint64_t total = 0;
    for (model::tensor_info const& t : file.tensors()) {
      total += t.end - t.begin;
      try {
        if (t.shape.size() == 1) (void)file.read_vector(t.name, t.shape[0]);
        if (t.shape.size() == 2) (void)file.read_matrix(t.name, t.shape[0], t.shape[1]);
      } catch (ohmic::error const&) {  // e.g. a type that holds no weights
      }
    }
    CHECK(total <= bytes.size() - 8);
    return true;
  } catch (ohmic::error const&) { return false; }
}
}  // namespace

TEST_CASE("every truncation of a safetensors file is refused") {
  temporary_folder const folder;
  std::string const whole = safetensors_bytes(good_header, good_data);
  CHECK(is_valid(folder, whole));
  int accepted = 0;
  for (std::size_t n = 0; n < whole.size(); ++n) accepted += is_valid(folder, whole.substr(0, n)) ? 1 : 0;
  CHECK(accepted == 0);
}

TEST_CASE("every changed byte of a safetensors header gives a valid file or an ohmic::error") {
  temporary_folder const folder;
  std::string const whole = safetensors_bytes(good_header, good_data);
  int accepted = 0;
  for (std::size_t at = 0; at < 8 + good_header.size(); ++at) {
    std::vector<char> changes;
    for (int bit = 0; bit < 8; ++bit) changes.push_back(static_cast<char>(whole[at] ^ (1 << bit)));
    for (char const c : {'\0', '\xff', '"', '{', '}', '[', ']', ',', ':', '-', '0', '9', '\\', ' '})
      changes.push_back(c);
    for (char const c : changes) {
      std::string mutant = whole;
      mutant[at] = c;
      accepted += is_valid(folder, mutant) ? 1 : 0;
    }
    std::string removed = whole, doubled = whole;
    removed.erase(at, 1);
    doubled.insert(at, 1, whole[at]);
    accepted += (is_valid(folder, removed) ? 1 : 0) + (is_valid(folder, doubled) ? 1 : 0);
  }
  CHECK(accepted > 0);  // a changed letter of a name is a valid file
}
