// ONNX files: every form of tensor, nodes and graphs within them, what Debian's operator vectors hold, and every lie that is refused.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <string>
#include <vector>

#include "import_support.hpp"
#include "ohmic/model/import/onnx.hpp"
#include "support/onnx_bytes.hpp"

using namespace ohmic_test;
namespace onnx = ohmic_test::onnx_bytes;
using ohmic::errc;
using ohmic::model::onnx_file;

namespace import_onnx_test {
namespace {

std::string one_tensor(std::string const& t) { return onnx::model(onnx::initialiser(t)); }
std::string packed(std::vector<std::uint64_t> const& values) {
  std::string s;
  for (auto v : values) s += onnx::varint(v);
  return s;
}
std::vector<float> values_of(std::string const& model) {
  temporary_folder const folder;
  auto const file = folder.write("a.onnx", model);
  onnx_file const read(file);
  return read.values(read.graph().tensors.begin()->second);
}
void check_refused(std::string const& model, errc code, std::vector<std::string> const& parts) {
  temporary_folder const folder;
  auto const file = folder.write("a.onnx", model);
  check_failure(failure([&] { onnx_file const read(file); }), code, parts);
}

}  // namespace

TEST_CASE("onnx tensors are read in every type, raw or value by value") {
  using onnx::bytes;
  using onnx::raw;
  using onnx::tensor;
  std::vector<float> const want{-1.0f, 0.0f, 2.0f};
  std::uint64_t const minus = ~std::uint64_t{0};
  CHECK(values_of(one_tensor(tensor("t", {3}, want))) == want);
  CHECK(values_of(one_tensor(tensor("t", 1, {3}, bytes(4, raw(want))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 3, {3}, bytes(9, raw<std::int8_t>({-1, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 3, {3}, bytes(5, packed({minus, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 2, {3}, bytes(9, raw<std::uint8_t>({255, 0, 2}))))) ==
        std::vector<float>{255, 0, 2});
  CHECK(values_of(one_tensor(tensor("t", 6, {3}, bytes(9, raw<std::int32_t>({-1, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 6, {3}, onnx::number(5, minus) + onnx::number(5, 0) + onnx::number(5, 2)))) ==
        want);
  CHECK(values_of(one_tensor(tensor("t", 7, {3}, bytes(9, raw<std::int64_t>({-1, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 7, {3}, bytes(7, packed({minus, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 10, {3}, bytes(9, raw<std::uint16_t>({0xBC00, 0, 0x4000}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 10, {3}, bytes(5, packed({0xBC00, 0, 0x4000}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 16, {3}, bytes(9, raw<std::uint16_t>({0xBF80, 0, 0x4000}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 11, {3}, bytes(9, raw<double>({-1, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 11, {3}, bytes(10, raw<double>({-1, 0, 2}))))) == want);
  CHECK(values_of(one_tensor(tensor("t", 1, {}, bytes(4, raw<float>({2}))))) == std::vector<float>{2});
}

TEST_CASE("onnx nodes name what they read, and graphs within them keep tensors of their own") {
  std::string const branch =
      onnx::in_graph(onnx::node("Identity", "inner", {"w"}, {"y"})) + onnx::initialiser(onnx::tensor("w", {1}, {7.0f}));
  std::string const constant = onnx::bytes(5, onnx::bytes(1, "value") + onnx::bytes(5, onnx::tensor("", {2}, {3, 4})));
  std::string const graph =
      onnx::input("x", {0, 288}) + onnx::in_graph(onnx::node("Constant", "c", {}, {"k"}, constant)) +
      onnx::in_graph(onnx::node("MatMul", "/q/MatMul", {"x", "w"}, {"z"},
                                onnx::bytes(5, onnx::bytes(1, "axis") + onnx::number(3, ~std::uint64_t{0})))) +
      onnx::in_graph(onnx::node("If", "choice", {"b"}, {"y"},
                                onnx::bytes(5, onnx::bytes(1, "else_branch") + onnx::bytes(6, branch)))) +
      onnx::initialiser(onnx::tensor("w", {1, 2, 2}, {1, 2, 3, 4}));
  temporary_folder const folder;
  auto const file = folder.write("a.onnx", onnx::model(graph));
  onnx_file const read(file);
  auto const& g = read.graph();
  REQUIRE(g.nodes.size() == 3);
  CHECK(g.node("/q/MatMul")->inputs == std::vector<std::string>{"x", "w"});
  CHECK(g.node("/q/MatMul")->find("axis")->integer == -1);
  CHECK(g.producer("z") == g.node("/q/MatMul"));
  CHECK(g.producer("w") == nullptr);
  CHECK(g.input("x")->shape == std::vector<std::size_t>{0, 288});
  CHECK(read.read_vector("k", 2) == std::vector<float>{3, 4});
  CHECK(read.read_matrix("w", 2, 2)(1, 0) == 3.0f);
  auto const& inner = g.node("choice")->find("else_branch")->graphs.front();
  CHECK(read.values(inner.tensors.at("w")) == std::vector<float>{7});
  check_failure(failure([&] { static_cast<void>(read.read_matrix("w", 4, 1)); }), errc::shape, {"1 x 2 x 2", "4 x 1"});
  check_failure(failure([&] { static_cast<void>(read.tensor("ww")); }), errc::missing_entry, {"'ww'"});
}

TEST_CASE("onnx files that lie are refused") {
  using onnx::bytes;
  using onnx::tensor;
  check_refused("", errc::file_format, {"ONNX model", "no graph"});
  check_refused("not a model", errc::file_format, {"ONNX model"});
  check_refused(onnx::bytes(7, ""), errc::file_format, {"no version"});
  std::string const good = one_tensor(tensor("t", {3}, {1, 2, 3}));
  for (std::size_t n = 0; n < good.size(); ++n) {
    temporary_folder const folder;
    auto const file = folder.write("a.onnx", good.substr(0, n));
    CHECK(failure([&] { onnx_file const read(file); }).code() == errc::file_format);
  }
  // 40 bytes that ask for 40 GB, and a product of sizes that leaves 64 bits.
  check_refused(one_tensor(tensor("t", 1, {10000000000}, bytes(4, "")) + ""), errc::file_format, {"fill the shape"});
  check_refused(one_tensor(tensor("t", 1, {std::uint64_t{1} << 33, std::uint64_t{1} << 33}, "")), errc::file_format,
                {"fill the shape"});
  check_refused(one_tensor(tensor("t", 1, {~std::uint64_t{0}}, "")), errc::file_format, {"fill the shape"});
  check_refused(one_tensor(tensor("t", 1, {2}, bytes(9, "123456789"))), errc::file_format, {"9 bytes", "2 elements"});
  check_refused(one_tensor(tensor("t", 1, {2}, bytes(4, "12345"))), errc::file_format, {"5 bytes of numbers"});
  check_refused(one_tensor(tensor("t", 1, {2}, onnx::number(14, 1))), errc::file_format, {"another file"});
  check_refused(one_tensor(tensor("t", 1, {2}, bytes(13, bytes(1, "location") + bytes(2, "../../etc/passwd")))),
                errc::file_format, {"another file", "data inside"});
  std::string const twice = onnx::initialiser(tensor("t", {1}, {1}));
  check_refused(onnx::model(twice + twice), errc::file_format, {"'t'", "twice"});
  std::string nested = onnx::in_graph(onnx::node("If", "n", {}, {}));
  for (int i = 0; i < 20; ++i) nested = onnx::in_graph(onnx::node("If", "n", {}, {}, bytes(5, bytes(6, nested))));
  check_refused(onnx::model(nested), errc::file_format, {"nested"});
  check_failure(failure([] { static_cast<void>(values_of(one_tensor(tensor("s", 8, {1}, "")))); }), errc::file_format,
                {"'s'", "not read"});  // strings are listed
  temporary_folder const folder;
  auto const file = folder.write("a.onnx", one_tensor(tensor("t", {1}, {std::numeric_limits<float>::infinity()})));
  onnx_file const read(file);
  check_failure(failure([&] { static_cast<void>(read.read_vector("t", 1)); }), errc::value, {"infinity"});
  check_failure(failure([&] { static_cast<void>(read.whole_values(read.tensor("t"))); }), errc::file_format,
                {"whole numbers"});
}

TEST_CASE("onnx operator vectors of Debian are read") {
  std::filesystem::path const vectors = "/usr/share/libonnx-testdata/data/node";
  if (!std::filesystem::is_directory(vectors)) {
    WARN("libonnx-testdata is not installed");
    return;
  }
  auto const tensor = [&](std::string const& name) {
    std::ifstream in(vectors / name, std::ios::binary);
    return one_tensor({std::istreambuf_iterator<char>(in), {}});
  };
  std::string const product = "test_matmulinteger/test_data_set_0/";
  auto const a = values_of(tensor(product + "input_0.pb")), b = values_of(tensor(product + "input_1.pb"));
  auto const a_zero = values_of(tensor(product + "input_2.pb")), b_zero = values_of(tensor(product + "input_3.pb"));
  auto const y = values_of(tensor(product + "output_0.pb"));
  REQUIRE(a.size() == 12);
  REQUIRE(b.size() == 6);
  REQUIRE(y.size() == 8);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t o = 0; o < 2; ++o) {
      float sum = 0.0f;
      for (std::size_t k = 0; k < 3; ++k) sum += (a[i * 3 + k] - a_zero[0]) * (b[k * 2 + o] - b_zero[0]);
      CHECK(sum == y[i * 2 + o]);
    }
  onnx_file const model(vectors / "test_matmulinteger/model.onnx");
  REQUIRE(model.graph().nodes.size() == 1);
  CHECK(model.graph().nodes.front().op == "MatMulInteger");
  std::size_t read = 0;
  for (auto const& entry : std::filesystem::directory_iterator(vectors)) {
    auto const file = entry.path() / "model.onnx";
    if (!std::filesystem::exists(file)) continue;
    onnx_file const one(file);
    read += static_cast<std::size_t>(!one.graph().nodes.empty() || !one.graph().outputs.empty());
  }
  CHECK(read > 100);
}

}  // namespace import_onnx_test
